package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/ncruces/go-sqlite3"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

var errDamaged = errors.New("the database is damaged")

// problem says what an error of SQLite means for the one who runs the program.
// Other errors stay as they are.
func (s *Store) problem(ctx context.Context, err error) error {
	var known *model.Error
	var fault *sqlite3.Error
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, sqlite3.FULL):
		return model.Errorf(model.Unavailable, "the disk with the state %q is full; nothing was changed: %w", s.path, err)
	case errors.Is(err, errDamaged), errors.Is(err, sqlite3.CORRUPT), errors.Is(err, sqlite3.NOTADB):
		return fmt.Errorf("the state %q is damaged; put a copy of it in its place (such as %s.backup-1 or your own), or move it away to begin with an empty one: %w",
			s.path, fileName, err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, sqlite3.READONLY), errors.Is(err, sqlite3.CANTOPEN):
		return model.Errorf(model.Unavailable, "the state %q cannot be written; make the folder and its files writable for this user: %w", s.path, err)
	case errors.Is(err, sqlite3.INTERRUPT) && ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, sqlite3.BUSY):
		return model.Errorf(model.Unavailable, "another program holds the state %q; close it: %w", s.path, err)
	case errors.As(err, &fault):
		return fmt.Errorf("the state %q: %w", s.path, err)
	}
	return err
}
