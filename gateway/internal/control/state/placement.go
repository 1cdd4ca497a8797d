package state

import (
	"github.com/ncruces/go-sqlite3"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Placement is where a version of an endpoint runs, as decided by what it did.
type Placement struct {
	Endpoint, Version string
	model.Placement   // without its live fields: Progress, Process
}

// Placements has all of them.
func (t *Tx) Placements() (all []Placement, err error) {
	err = t.conn.rows(`SELECT endpoint, version, data FROM placement ORDER BY endpoint, version`, func(row *sqlite3.Stmt) error {
		p := Placement{Endpoint: row.ColumnText(0), Version: row.ColumnText(1)}
		if err := decode(row, 2, &p.Placement); err != nil {
			return err
		}
		all = append(all, p)
		return nil
	})
	return all, err
}

// PutPlacement replaces that of a version, if it has one.
func (t *Tx) PutPlacement(p Placement) error {
	p.Progress, p.Process = "", nil
	data, err := encode(p.Placement)
	if err != nil {
		return err
	}
	_, err = t.conn.run(`INSERT OR REPLACE INTO placement (endpoint, version, data) VALUES (?1, ?2, ?3)`, p.Endpoint, p.Version, data)
	return err
}

// DeletePlacement forgets that of a version, if it has one.
func (t *Tx) DeletePlacement(endpoint, version string) error {
	_, err := t.conn.run(`DELETE FROM placement WHERE endpoint = ?1 AND version = ?2`, endpoint, version)
	return err
}
