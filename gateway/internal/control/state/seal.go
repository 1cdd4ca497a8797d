package state

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/ncruces/go-sqlite3"

	"github.com/edge-gateway/edge-gateway/gateway/internal/durable"
)

// seal keeps secrets unreadable for who has the database but not the key, which
// lies in a file of its own.
type seal struct {
	path string
	gcm  cipher.AEAD
}

const keySize = 32

// openSeal reads the key, and makes it where there is none and nothing that was
// sealed with one.
func openSeal(path string, c *conn) (*seal, error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if key, err = makeKey(path, c); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read the key of the secrets: %w", err)
	}
	if len(key) != keySize {
		return nil, fmt.Errorf("the key of the secrets, %q, has %d bytes in place of %d; put a copy of it in its place", path, len(key), keySize)
	}
	if info, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("read the key of the secrets: %w", err)
	} else if others := info.Mode().Perm() & 0o077; others != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("the key of the secrets, %q, has mode %04o, so that others can get at it; if nobody did, chmod 600 it", path, info.Mode().Perm())
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	s := &seal{path: path, gcm: gcm}
	// A key that is not the right one shows now, not when a service starts.
	return s, c.rows("SELECT service, option, sealed FROM secret", func(row *sqlite3.Stmt) error {
		_, err := s.open(row.ColumnRawBlob(2), "secret", row.ColumnText(0), row.ColumnText(1))
		return err
	})
}

func makeKey(path string, c *conn) ([]byte, error) {
	sealed, err := c.number("SELECT count(*) FROM secret")
	if err != nil {
		return nil, err
	}
	if sealed > 0 {
		return nil, fmt.Errorf("the key of the secrets, %q, is missing, and %d secrets of services are sealed with it; put a copy of it in its place, "+
			"or, if there is none, forget the secrets (sqlite3 %s 'DELETE FROM secret') and set them anew", path, sealed, fileName)
	}
	// Answers of the last day were sealed with the key that was lost.
	if _, err := c.run("DELETE FROM answer"); err != nil {
		return nil, err
	}
	key := make([]byte, keySize)
	rand.Read(key)
	if err := durable.WriteFile(filepath.Dir(path), filepath.Base(path), key); err != nil {
		return nil, fmt.Errorf("make the key of the secrets: %w", err)
	}
	return key, nil
}

// close seals a secret. It can be opened only as what it was sealed as, so that
// nobody can pass one for another by moving it within the database.
func (s *seal) close(secret []byte, as ...string) []byte {
	return s.gcm.Seal(nil, nil, secret, bound(as))
}

func (s *seal) open(sealed []byte, as ...string) ([]byte, error) {
	secret, err := s.gcm.Open(nil, nil, sealed, bound(as))
	if err != nil {
		return nil, fmt.Errorf("%s %q cannot be opened with the key %q; put the right one in its place: %w", as[0], as[1:], s.path, err)
	}
	return secret, nil
}

// bound makes one text of several, so that no two lists of texts make the same.
func bound(texts []string) []byte {
	var b []byte
	for _, t := range texts {
		b = binary.AppendUvarint(b, uint64(len(t)))
		b = append(b, t...)
	}
	return b
}
