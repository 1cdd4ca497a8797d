package state

import "github.com/edge-gateway/edge-gateway/gateway/internal/model"

// AddDeploy adds to the history of an endpoint, and gives the entry its number.
func (t *Tx) AddDeploy(d model.Deploy) (int64, error) {
	d.ID = 0 // the row has it
	data, err := encode(d)
	if err != nil {
		return 0, err
	}
	_, err = t.conn.run(`INSERT INTO deploy (endpoint, data) VALUES (?1, ?2)`, d.Endpoint, data)
	return t.conn.db.LastInsertRowID(), err
}

// Deploys is a page of the history, the newest entry first.
func (t *Tx) Deploys(endpoint string, p model.Page) (model.List[model.Deploy], error) {
	return newest(t, "deploys", p, func(d *model.Deploy, id int64) { d.ID = id },
		`SELECT data, id FROM deploy WHERE endpoint = ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2`, endpoint)
}
