package state

import (
	"errors"
	"fmt"
	"os"

	"github.com/ncruces/go-sqlite3"
)

// lock keeps other processes from the state for as long as this one lives. It
// is SQLite's own lock on an empty database beside the state, which works
// alike on every system; a lock on the state itself would keep out readers of
// this process, too. A process that was killed while it started another one may
// hold it for a moment longer, which is waited for.
type lock struct{ db *sqlite3.Conn }

func takeLock(path string) (*lock, error) {
	if err := makeFile(path); err != nil {
		return nil, fmt.Errorf("lock the state: %w", err)
	}
	db, err := sqlite3.OpenFlags(path, sqlite3.OPEN_READWRITE)
	if err != nil {
		return nil, fmt.Errorf("lock the state: open %q: %w", path, err)
	}
	if err := db.Exec("PRAGMA journal_mode = MEMORY; PRAGMA busy_timeout = 500; BEGIN EXCLUSIVE"); err != nil {
		_ = db.Close()
		if errors.Is(err, sqlite3.BUSY) {
			return nil, fmt.Errorf("%w: %q is locked; stop it, or choose another data directory", ErrInUse, path)
		}
		return nil, fmt.Errorf("lock the state: %q: %w", path, err)
	}
	return &lock{db}, nil
}

func (l *lock) release() {
	if l != nil {
		_ = l.db.Close()
	}
}

// makeFile makes a file that is its owner's alone, unless it is there.
func makeFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}
