// Package prepared runs the statements of one SQLite connection, each of them
// prepared once.
package prepared

import (
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// Statements are those of one connection, by their text. They are used by one
// goroutine at a time, and closed before the connection is.
type Statements struct {
	db     *sqlite3.Conn
	byText map[string]*sqlite3.Stmt
}

// On makes the statements of a connection.
func On(db *sqlite3.Conn) *Statements {
	return &Statements{db: db, byText: map[string]*sqlite3.Stmt{}}
}

// Close frees them.
func (p *Statements) Close() {
	for _, s := range p.byText {
		_ = s.Close()
	}
}

// Run runs a statement that has no rows.
func (p *Statements) Run(text string, args ...any) error {
	return p.Rows(text, func(*sqlite3.Stmt) error { return nil }, args...)
}

// Number is the one number that a statement gives.
func (p *Statements) Number(text string, args ...any) (n int64, err error) {
	err = p.Rows(text, func(s *sqlite3.Stmt) error {
		n = s.ColumnInt64(0)
		return nil
	}, args...)
	return n, err
}

// Rows runs a statement and has each called for every row; it must not run the
// same statement.
func (p *Statements) Rows(text string, each func(*sqlite3.Stmt) error, args ...any) error {
	s := p.byText[text]
	if s == nil {
		var err error
		if s, _, err = p.db.Prepare(text); err != nil {
			return err
		}
		p.byText[text] = s
	}
	defer func() {
		_ = s.Reset()
		_ = s.ClearBindings()
	}()
	for n, arg := range args {
		if err := bind(s, n+1, arg); err != nil {
			return err
		}
	}
	for s.Step() {
		if err := each(s); err != nil {
			return err
		}
	}
	return s.Err()
}

func bind(s *sqlite3.Stmt, n int, arg any) error {
	switch arg := arg.(type) {
	case nil:
		return s.BindNull(n)
	case string:
		return s.BindText(n, arg)
	case []byte:
		return s.BindBlob(n, arg)
	case int:
		return s.BindInt64(n, int64(arg))
	case int64:
		return s.BindInt64(n, arg)
	case bool:
		return s.BindBool(n, arg)
	case time.Time:
		return s.BindInt64(n, Nanoseconds(arg))
	}
	return fmt.Errorf("a %T cannot be stored", arg)
}

// Nanoseconds is a time as it is stored: 0 for the zero time.
func Nanoseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}
