package state

import "github.com/edge-gateway/edge-gateway/gateway/internal/model"

// Endpoints has those that the API made, by name; the file's are not stored.
// Live fields (Fault, a canary's sides) are zero.
func (t *Tx) Endpoints() ([]model.Endpoint, error) {
	return documents[model.Endpoint](t, `SELECT data FROM endpoint ORDER BY name`)
}

// Endpoint finds one of them.
func (t *Tx) Endpoint(name string) (model.Endpoint, error) {
	return document[model.Endpoint](t, missing("endpoint", name), `SELECT data FROM endpoint WHERE name = ?1`, name)
}

// CreateEndpoint adds one.
func (t *Tx) CreateEndpoint(e model.Endpoint) error {
	data, err := encode(lifeless(e))
	if err != nil {
		return err
	}
	return t.change(taken("endpoint", e.Name), `INSERT INTO endpoint (name, data) VALUES (?1, ?2) ON CONFLICT DO NOTHING`, e.Name, data)
}

// PutEndpoint replaces one.
func (t *Tx) PutEndpoint(e model.Endpoint) error {
	data, err := encode(lifeless(e))
	if err != nil {
		return err
	}
	return t.change(missing("endpoint", e.Name), `UPDATE endpoint SET data = ?2 WHERE name = ?1`, e.Name, data)
}

// DeleteEndpoint forgets one with its versions, deploys and source. Its builds
// stay, as what happened.
func (t *Tx) DeleteEndpoint(name string) error {
	if err := t.change(missing("endpoint", name), `DELETE FROM endpoint WHERE name = ?1`, name); err != nil {
		return err
	}
	for _, text := range []string{
		`DELETE FROM version WHERE endpoint = ?1`, `DELETE FROM deploy WHERE endpoint = ?1`, `DELETE FROM source WHERE endpoint = ?1`,
		`DELETE FROM placement WHERE endpoint = ?1`,
	} {
		if _, err := t.conn.run(text, name); err != nil {
			return err
		}
	}
	return nil
}

// lifeless is an endpoint without its live fields.
func lifeless(e model.Endpoint) model.Endpoint {
	e.Fault, e.Placement = "", nil
	if e.Canary != nil {
		e.Canary = &model.Canary{CanaryRequest: e.Canary.CanaryRequest, Version: e.Canary.Version, Started: e.Canary.Started, By: e.Canary.By}
	}
	return e
}
