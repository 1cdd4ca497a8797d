package state

import "github.com/edge-gateway/edge-gateway/gateway/internal/model"

// Source is the source tree of an endpoint as it is now.
func (t *Tx) Source(endpoint string) (model.Source, error) {
	absent := model.Errorf(model.Missing, "endpoint %q has no source", endpoint)
	return document[model.Source](t, absent, `SELECT data FROM source WHERE endpoint = ?1`, endpoint)
}

// PutSource replaces it.
func (t *Tx) PutSource(endpoint string, s model.Source) error {
	data, err := encode(s)
	if err != nil {
		return err
	}
	_, err = t.conn.run(`INSERT OR REPLACE INTO source (endpoint, digest, data) VALUES (?1, ?2, ?3)`, endpoint, s.Digest, data)
	return err
}
