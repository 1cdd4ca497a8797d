package state

import (
	"errors"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Versions of an endpoint, the newest first.
func (t *Tx) Versions(endpoint string) ([]model.Version, error) {
	all, err := documents[model.Version](t, `SELECT data FROM version WHERE endpoint = ?1 ORDER BY id DESC`, endpoint)
	if err != nil {
		return nil, err
	}
	return all, t.markCurrent(endpoint, all)
}

// VersionPage is a page of them.
func (t *Tx) VersionPage(endpoint string, p model.Page) (model.List[model.Version], error) {
	l, err := newest(t, "versions", p, func(*model.Version, int64) {},
		`SELECT data, id FROM version WHERE endpoint = ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2`, endpoint)
	if err != nil {
		return l, err
	}
	return l, t.markCurrent(endpoint, l.Items)
}

// Version finds one; digest may be the beginning of one.
func (t *Tx) Version(endpoint, digest string) (model.Version, error) {
	absent := model.Errorf(model.Missing, "endpoint %q has no version %q", endpoint, digest)
	if digest == "" {
		return model.Version{}, absent
	}
	// What begins with it lies before it with a letter behind that no digest has.
	all, err := documents[model.Version](t,
		`SELECT data FROM version WHERE endpoint = ?1 AND digest >= ?2 AND digest < ?2 || 'g' ORDER BY digest LIMIT 2`, endpoint, digest)
	switch {
	case err != nil:
		return model.Version{}, err
	case len(all) == 0:
		return model.Version{}, absent
	case len(all) > 1:
		return model.Version{}, model.Errorf(model.Invalid, "endpoint %q has several versions that begin with %q, such as %s and %s; give more of it",
			endpoint, digest, all[0].Digest, all[1].Digest).At("version")
	}
	return all[0], t.markCurrent(endpoint, all)
}

// PutVersion adds one. Of one that is there, the first record stays.
func (t *Tx) PutVersion(v model.Version) error {
	v.Current = false // it is the endpoint that knows
	data, err := encode(v)
	if err != nil {
		return err
	}
	_, err = t.conn.run(`INSERT INTO version (endpoint, digest, source, data) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING`,
		v.Endpoint, v.Digest, v.Source, data)
	return err
}

// DeleteVersion forgets one.
func (t *Tx) DeleteVersion(endpoint, digest string) error {
	absent := model.Errorf(model.Missing, "endpoint %q has no version %q", endpoint, digest)
	if err := t.change(absent, `DELETE FROM version WHERE endpoint = ?1 AND digest = ?2`, endpoint, digest); err != nil {
		return err
	}
	return t.DeletePlacement(endpoint, digest)
}

func (t *Tx) markCurrent(endpoint string, versions []model.Version) error {
	e, err := t.Endpoint(endpoint)
	var problem *model.Error
	if errors.As(err, &problem) && problem.Kind == model.Missing {
		return nil // it is the configuration file's
	}
	for n := range versions {
		versions[n].Current = versions[n].Digest == e.Version
	}
	return err
}
