package state

import "github.com/edge-gateway/edge-gateway/gateway/internal/model"

// DeploysKept is how many entries the history of an endpoint has.
const DeploysKept = 1000

// AddDeploy adds to the history of an endpoint, and gives the entry its number.
// The oldest of too many is forgotten.
func (t *Tx) AddDeploy(d model.Deploy) (int64, error) {
	d.ID = 0 // the row has it
	data, err := encode(d)
	if err != nil {
		return 0, err
	}
	_, err = t.conn.run(`INSERT INTO deploy (endpoint, data) VALUES (?1, ?2)`, d.Endpoint, data)
	if err != nil {
		return 0, err
	}
	id := t.conn.db.LastInsertRowID()
	_, err = t.conn.run(`
		DELETE FROM deploy WHERE endpoint = ?1 AND id <= (
			SELECT id FROM deploy WHERE endpoint = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2
		)`, d.Endpoint, DeploysKept)
	return id, err
}

// Deploys is a page of the history, the newest entry first.
func (t *Tx) Deploys(endpoint string, p model.Page) (model.List[model.Deploy], error) {
	return newest(t, "deploys", p, func(d *model.Deploy, id int64) { d.ID = id },
		`SELECT data, id FROM deploy WHERE endpoint = ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2`, endpoint)
}
