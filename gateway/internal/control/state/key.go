package state

import (
	"errors"

	"github.com/ncruces/go-sqlite3"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Key is a key with the SHA-256 of its token.
type Key struct {
	model.Key
	Hash [32]byte
}

// Keys has all, by name.
func (t *Tx) Keys() ([]Key, error) {
	var all []Key
	err := t.conn.rows(`SELECT data, hash FROM key ORDER BY name`, func(row *sqlite3.Stmt) error {
		var k Key
		if copy(k.Hash[:], row.ColumnRawBlob(1)) != len(k.Hash) {
			return errors.Join(errDamaged, errors.New("the hash of a key is too short"))
		}
		if err := decode(row, 0, &k.Key); err != nil {
			return err
		}
		all = append(all, k)
		return nil
	})
	return all, err
}

// CreateKey adds one.
func (t *Tx) CreateKey(k Key) error {
	data, err := encode(k.Key)
	if err != nil {
		return err
	}
	return t.change(taken("key", k.Name), `INSERT INTO key (name, hash, data) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO NOTHING`, k.Name, k.Hash[:], data)
}

// PutKey replaces one.
func (t *Tx) PutKey(k Key) error {
	data, err := encode(k.Key)
	if err != nil {
		return err
	}
	return t.change(missing("key", k.Name), `UPDATE key SET hash = ?2, data = ?3 WHERE name = ?1`, k.Name, k.Hash[:], data)
}

// DeleteKey forgets one.
func (t *Tx) DeleteKey(name string) error {
	return t.change(missing("key", name), `DELETE FROM key WHERE name = ?1`, name)
}
