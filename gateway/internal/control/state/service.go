package state

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Service is a service with its secrets, which are sealed on the disk with a
// key that lies in a file of its own, readable by the owner only. Of what its
// Options hold, whole numbers come back as int64.
type Service struct {
	model.Service
	Secrets map[string]string // by the option's name; Options hold model.HiddenSecret there
}

// Services has those that the API made, by name.
func (t *Tx) Services() ([]Service, error) {
	return t.services(`SELECT data FROM service ORDER BY name`)
}

// Service finds one of them.
func (t *Tx) Service(name string) (Service, error) {
	all, err := t.services(`SELECT data FROM service WHERE name = ?1`, name)
	if err != nil {
		return Service{}, err
	}
	if len(all) == 0 {
		return Service{}, missing("service", name)
	}
	return all[0], nil
}

// CreateService adds one.
func (t *Tx) CreateService(s Service) error {
	return t.putService(s, taken("service", s.Name), `INSERT INTO service (name, data) VALUES (?1, ?2) ON CONFLICT DO NOTHING`)
}

// PutService replaces one, with all of its secrets.
func (t *Tx) PutService(s Service) error {
	return t.putService(s, missing("service", s.Name), `UPDATE service SET data = ?2 WHERE name = ?1`)
}

// DeleteService forgets one.
func (t *Tx) DeleteService(name string) error {
	return t.change(missing("service", name), `DELETE FROM service WHERE name = ?1`, name)
}

func (t *Tx) services(query string, args ...any) ([]Service, error) {
	var all []Service
	err := t.conn.rows(query, func(row *sqlite3.Stmt) error {
		var s Service
		if err := decode(row, 0, &s.Service); err != nil {
			return err
		}
		all = append(all, s)
		return exactNumbers(row.ColumnRawText(0), s.Options)
	}, args...)
	for n := range all {
		if err == nil {
			all[n].Secrets, err = t.secrets(all[n].Name)
		}
	}
	return all, err
}

func (t *Tx) secrets(service string) (map[string]string, error) {
	secrets := map[string]string{}
	err := t.conn.rows(`SELECT option, sealed FROM secret WHERE service = ?1`, func(row *sqlite3.Stmt) error {
		option := row.ColumnText(0)
		secret, err := t.store.seal.open(row.ColumnRawBlob(1), "secret", service, option)
		secrets[option] = string(secret)
		return err
	}, service)
	return secrets, err
}

func (t *Tx) putService(s Service, otherwise error, text string) error {
	stored := s.Service
	stored.BoundTo, stored.Status, stored.Fault = nil, nil, ""
	stored.Options = maps.Clone(s.Options)
	for option := range s.Secrets {
		if stored.Options == nil {
			stored.Options = map[string]any{}
		}
		stored.Options[option] = model.HiddenSecret // whatever was there
	}
	data, err := encode(stored)
	if err != nil {
		return err
	}
	if err := t.change(otherwise, text, s.Name, data); err != nil {
		return err
	}
	if _, err := t.conn.run(`DELETE FROM secret WHERE service = ?1`, s.Name); err != nil {
		return err
	}
	for option, secret := range s.Secrets {
		sealed := t.store.seal.close([]byte(secret), "secret", s.Name, option)
		if _, err := t.conn.run(`INSERT INTO secret (service, option, sealed) VALUES (?1, ?2, ?3)`, s.Name, option, sealed); err != nil {
			return err
		}
	}
	return nil
}

// exactNumbers makes whole numbers of a service's options int64, as they are
// when they come from a configuration file.
func exactNumbers(document []byte, options map[string]any) error {
	var exact struct {
		Options map[string]any `json:"options"`
	}
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	if err := d.Decode(&exact); err != nil {
		return fmt.Errorf("%w: a service in it cannot be read: %v", errDamaged, err)
	}
	for name, value := range exact.Options {
		options[name] = number(value)
	}
	return nil
}

func number(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil && !strings.ContainsAny(v.String(), ".eE") {
			return n
		}
		f, _ := v.Float64()
		return f
	case []any:
		for n := range v {
			v[n] = number(v[n])
		}
	case map[string]any:
		for name := range v {
			v[name] = number(v[name])
		}
	}
	return value
}
