package sqlite

import (
	"container/list"
	"strconv"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

// statement is a prepared statement. sqlite takes $1 for a parameter with the
// name "$1", so what it counts as its parameters is mapped to ours.
type statement struct {
	*sqlite3.Stmt
	params   []int // of each parameter of sqlite, the n of $n
	greatest int
	columns  []sql.Column // with the declared types
}

func prepare(db *sqlite3.Conn, text string, flags sqlite3.PrepareFlag) (*statement, error) {
	stmt, tail, err := db.PrepareFlags(text, flags)
	if err != nil {
		return nil, err
	}
	if stmt == nil {
		return nil, service.Errorf(abi.ErrInvalid, "there is no statement in the text")
	}
	s := &statement{Stmt: stmt}
	if err := s.describe(db, tail); err != nil {
		_ = stmt.Close()
		return nil, err
	}
	return s, nil
}

func (s *statement) describe(db *sqlite3.Conn, tail string) error {
	if strings.TrimSpace(tail) != "" {
		if more, _, err := db.Prepare(tail); more != nil || err != nil {
			_ = more.Close()
			return service.Errorf(abi.ErrInvalid, "the text has more than one statement")
		}
	}
	s.params = make([]int, s.BindCount())
	for i := range s.params {
		name := s.BindName(i + 1)
		number, dollar := strings.CutPrefix(name, "$")
		n, err := strconv.Atoi(number)
		if !dollar || err != nil || n < 1 || number[0] < '1' || number[0] > '9' {
			if name == "" {
				name = "?"
			}
			return service.Errorf(abi.ErrInvalid, "placeholders are $1, $2 …, not %q", name)
		}
		s.params[i] = n
		s.greatest = max(s.greatest, n)
	}
	s.describeColumns()
	return nil
}

func (s *statement) describeColumns() {
	s.columns = make([]sql.Column, s.ColumnCount())
	for i := range s.columns {
		native := s.ColumnDeclType(i)
		s.columns[i] = sql.Column{Name: s.ColumnName(i), Native: native, Type: declared(native)}
	}
}

// bind sets the parameters.
func (s *statement) bind(params []sql.Value) error {
	if len(params) != s.greatest {
		return service.Errorf(abi.ErrInvalid, "the statement has %d parameters, and %d were given", s.greatest, len(params))
	}
	for i, n := range s.params {
		if err := bind(s.Stmt, i+1, &params[n-1]); err != nil {
			return err
		}
	}
	return nil
}

// end makes the statement ready for its next use.
func (s *statement) end() {
	_ = s.Reset()
	if len(s.params) > 0 {
		_ = s.ClearBindings() // big values are not kept
	}
}

// cache keeps the statements that were used last.
type cache struct {
	db     *sqlite3.Conn
	byText map[string]*list.Element
	recent list.List // of *statement, the one used last in front
}

const maxCached = 128

func (c *cache) get(text string) (*statement, error) {
	if e, ok := c.byText[text]; ok {
		c.recent.MoveToFront(e)
		return e.Value.(*statement), nil
	}
	s, err := prepare(c.db, text, sqlite3.PREPARE_PERSISTENT)
	if err != nil {
		return nil, err
	}
	if c.byText == nil {
		c.byText = map[string]*list.Element{}
	}
	c.byText[text] = c.recent.PushFront(s)
	if c.recent.Len() > maxCached {
		oldest := c.recent.Remove(c.recent.Back()).(*statement)
		delete(c.byText, oldest.SQL())
		_ = oldest.Close()
	}
	return s, nil
}

func (c *cache) clear() {
	for e := c.recent.Front(); e != nil; e = e.Next() {
		_ = e.Value.(*statement).Close()
	}
	c.recent.Init()
	c.byText = nil
}
