package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/ncruces/go-sqlite3"

	"github.com/edge-gateway/edge-gateway/gateway/internal/durable"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

var errDamaged = errors.New("the database is damaged")

// problem says what an error of SQLite means for the one who runs the program.
// Other errors, such as those of who changes the state, stay as they are.
func (s *Store) problem(ctx context.Context, err error) error {
	var known *model.Error
	if errors.As(err, &known) {
		return err
	}
	switch code := codeOf(err); {
	case code == sqlite3.FULL, code == sqlite3.IOERR && durable.Full(s.path):
		return s.full(err)
	case code == sqlite3.CORRUPT, code == sqlite3.NOTADB, errors.Is(err, errDamaged):
		return fmt.Errorf("the state %q is damaged; put a copy of it in its place (such as %s.backup-1 or your own), or move it away to begin with an empty one: %w",
			s.path, fileName, err)
	case code == sqlite3.READONLY, code == sqlite3.CANTOPEN:
		return s.readOnly(err)
	case code == sqlite3.INTERRUPT && ctx.Err() != nil:
		return ctx.Err()
	case code == sqlite3.BUSY:
		return model.Errorf(model.Unavailable, "another program holds the state %q; close it: %w", s.path, err)
	case code != 0:
		return fmt.Errorf("the state %q: %w", s.path, err)
	}
	return err
}

// openProblem does so for errors of the file system, too.
func (s *Store) openProblem(ctx context.Context, err error) error {
	switch {
	case codeOf(err) != 0:
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return s.full(err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return s.readOnly(err)
	}
	return s.problem(ctx, err)
}

func (s *Store) full(err error) error {
	return model.Errorf(model.Unavailable, "the disk with the state %q is full; nothing was changed: %w", s.path, err)
}

func (s *Store) readOnly(err error) error {
	return model.Errorf(model.Unavailable, "the state %q cannot be written; make the folder and its files writable for this user: %w", s.path, err)
}

// codeOf is SQLite's for an error; 0 for errors that are not SQLite's.
func codeOf(err error) sqlite3.ErrorCode {
	var code sqlite3.ErrorCode
	errors.As(err, &code)
	return code
}
