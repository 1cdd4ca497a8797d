package state

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/ncruces/go-sqlite3"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/page"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Tx is one look at the state, or one change of it. It is used by one
// goroutine, and not after View or Update has returned. What is not there is a
// [*model.Error] of kind Missing; a name taken twice is one of kind Conflict.
type Tx struct {
	store *Store
	conn  *conn
}

// documents reads the documents that a query gives in its first column.
func documents[T any](t *Tx, query string, args ...any) ([]T, error) {
	var all []T
	err := t.conn.rows(query, func(row *sqlite3.Stmt) error {
		var v T
		if err := decode(row, 0, &v); err != nil {
			return err
		}
		all = append(all, v)
		return nil
	}, args...)
	return all, err
}

// document reads the only document of a query; absent is the error if there is
// none.
func document[T any](t *Tx, absent error, query string, args ...any) (v T, err error) {
	all, err := documents[T](t, query, args...)
	if err != nil {
		return v, err
	}
	if len(all) == 0 {
		return v, absent
	}
	return all[0], nil
}

// newest reads a page of a list with the newest item first. The query gives the
// documents with their numbers: those below ?1, at most ?2.
func newest[T any](t *Tx, list string, p model.Page, set func(v *T, id int64), query string, args ...any) (model.List[T], error) {
	limit, err := page.Limit(p)
	if err != nil {
		return model.List[T]{}, err
	}
	before, err := page.Before(list, p)
	if err != nil {
		return model.List[T]{}, err
	}
	type item struct {
		value T
		id    int64
	}
	var items []item
	err = t.conn.rows(query, func(row *sqlite3.Stmt) error {
		v := item{id: row.ColumnInt64(1)}
		if err := decode(row, 0, &v.value); err != nil {
			return err
		}
		set(&v.value, v.id)
		items = append(items, v)
		return nil
	}, append([]any{before, limit + 1}, args...)...)
	if err != nil {
		return model.List[T]{}, err
	}
	cut := page.List(items, list, limit, func(v item) string { return strconv.FormatInt(v.id, 10) })
	l := model.List[T]{Items: make([]T, len(cut.Items)), Next: cut.Next}
	for n, v := range cut.Items {
		l.Items[n] = v.value
	}
	return l, nil
}

// change runs a statement that has to change something; absent is the error if
// it does not.
func (t *Tx) change(absent error, text string, args ...any) error {
	changed, err := t.conn.run(text, args...)
	if err == nil && changed == 0 {
		return absent
	}
	return err
}

func encode(v any) (string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("write down a %T: %w", v, err)
	}
	return string(data), nil
}

func decode(row *sqlite3.Stmt, column int, v any) error {
	if err := json.Unmarshal(row.ColumnRawText(column), v); err != nil {
		return fmt.Errorf("%w: a %T in it cannot be read: %v", errDamaged, v, err)
	}
	return nil
}

func missing(kind, name string) error {
	return model.Errorf(model.Missing, "there is no %s %q", kind, name)
}

func taken(kind, name string) error {
	err := model.Errorf(model.Conflict, "there is a %s %q already", kind, name).At("name")
	err.Other = kind + "/" + name
	return err
}
