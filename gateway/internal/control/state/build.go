package state

import (
	"github.com/ncruces/go-sqlite3"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Builds is a page of those that a filter selects, the newest first.
func (t *Tx) Builds(f model.BuildFilter, p model.Page) (model.List[model.Build], error) {
	names, err := encode(f.Names)
	if err != nil {
		return model.List[model.Build]{}, err
	}
	return newest(t, "builds", p, func(*model.Build, int64) {}, `
		SELECT data, id FROM build
		WHERE id < ?1 AND (?3 = '' OR endpoint = ?3) AND (?4 = '' OR state = ?4)
			AND (?5 OR endpoint IN (SELECT value FROM json_each(?6)))
		ORDER BY id DESC LIMIT ?2`, f.Endpoint, string(f.State), len(f.Names) == 0, names)
}

// Build finds one.
func (t *Tx) Build(id string) (model.Build, error) {
	return document[model.Build](t, missing("build", id), `SELECT data FROM build WHERE name = ?1`, id)
}

// PutBuild adds one or replaces it; its place in the list stays.
func (t *Tx) PutBuild(b model.Build) error {
	data, err := encode(b)
	if err != nil {
		return err
	}
	_, err = t.conn.run(`
		INSERT INTO build (name, endpoint, state, source, data) VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (name) DO UPDATE SET endpoint = ?2, state = ?3, source = ?4, data = ?5`,
		b.ID, b.Endpoint, string(b.State), b.Source, data)
	return err
}

// PruneBuilds forgets the builds of an endpoint that have ended, but the newest
// of them.
func (t *Tx) PruneBuilds(endpoint string, keep int) (removed []string, err error) {
	err = t.conn.rows(`
		DELETE FROM build WHERE id IN (
			SELECT id FROM build WHERE endpoint = ?1 AND state IN ('succeeded', 'failed', 'canceled')
			ORDER BY id DESC LIMIT -1 OFFSET ?2
		) RETURNING name`, func(row *sqlite3.Stmt) error {
		removed = append(removed, row.ColumnText(0))
		return nil
	}, endpoint, max(keep, 0))
	return removed, err
}
