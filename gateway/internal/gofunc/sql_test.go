package gofunc_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/sqlite"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

const notes = "create table notes (id integer primary key, title text unique, body blob, at timestamp, flag boolean, extra json, score real)"

// withNotes has a handler work on a database with an empty table.
func withNotes(t *testing.T, h *host, work func(r *edge.Request, db edge.SQL) error) {
	t.Helper()
	h.lend(t, "db", "sql", sqlite.Open, nil)
	h.run(t, func(r *edge.Request) error {
		db, err := r.SQL("db")
		if err != nil {
			return err
		}
		if _, err := db.Exec(notes); err != nil {
			return err
		}
		return work(r, db)
	})
}

func TestValuesOfADatabaseInTheProgram(t *testing.T) {
	withNotes(t, &host{}, func(r *edge.Request, db edge.SQL) error {
		at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
		body := []byte{0, 255}
		done, err := db.Exec("insert into notes values ($1, $2, $3, $4, $5, $6, $7)", 7, "é", body, at, true, edge.JSON(`{"a":1}`), 0.5)
		if err != nil || done.Affected != 1 || done.LastID != 7 {
			t.Errorf("insert: %+v, %v", done, err)
		}
		result, err := db.Query("select id, title, body, at, flag, extra, score, null as id from notes where id = $1", 7)
		if err != nil {
			return err
		}
		want := []any{int64(7), "é", body, at, true, edge.JSON(`{"a":1}`), 0.5, nil}
		if len(result.Rows) != 1 || !reflect.DeepEqual(result.Rows[0].Values, want) || result.Columns[7].Name != "id" || result.Columns[4].Type != edge.TypeBool {
			t.Errorf("got %#v in %+v", result.Rows, result.Columns)
		}
		if _, err := db.QueryOne("select id from notes where id = $1", 8); !errors.Is(err, edge.ErrNotFound) {
			t.Errorf("no row: %v", err)
		}
		var failure *edge.ServiceError
		_, err = db.Exec("insert into notes (title) values ($1)", "é")
		if !errors.Is(err, edge.ErrConflict) || !errors.As(err, &failure) || failure.Subject == "" {
			t.Errorf("a title twice: %v, %+v", err, failure)
		}
		_, err = db.Batch(
			edge.Statement{Text: "insert into notes (title) values ($1)", Params: []any{"a"}},
			edge.Statement{Text: "insert into notes (title) values ($1)", Params: []any{"é"}})
		if !errors.Is(err, edge.ErrConflict) || !errors.As(err, &failure) || failure.Position != 1 {
			t.Errorf("a batch that fails: %v, %+v", err, failure)
		}
		results, err := db.Batch(edge.Statement{Text: "insert into notes (title) values ('b')"}, edge.Statement{Text: "select count(*) from notes"})
		if err != nil || results[0].Affected != 1 || results[1].Rows[0].Values[0] != int64(2) {
			t.Errorf("a batch: %v, %v", results, err)
		}
		return nil
	})
}

func TestPagesOfADatabaseInTheProgram(t *testing.T) {
	withNotes(t, &host{}, func(r *edge.Request, db edge.SQL) error {
		const numbers = "with recursive n(i) as (select 1 union all select i + 1 from n where i < $1) select i from n"
		count, sum := 0, int64(0)
		for row, err := range db.Each(100, numbers, 1050) {
			if err != nil {
				return err
			}
			var i int64
			if err := row.Scan(&i); err != nil {
				return err
			}
			count, sum = count+1, sum+i
		}
		if count != 1050 || sum != 1050*1051/2 {
			t.Errorf("%d rows, sum %d", count, sum)
		}
		// Loops that are left early give their connections back: there are
		// more of them than connections.
		for range 20 {
			for _, err := range db.Each(1, numbers, 10) {
				if err != nil {
					return err
				}
				break
			}
		}
		return nil
	})
}

func TestTransactionsOfADatabaseInTheProgram(t *testing.T) {
	h := &host{}
	withNotes(t, h, func(r *edge.Request, db edge.SQL) error {
		tx, err := db.Begin(edge.TxOptions{})
		if err != nil {
			return err
		}
		if _, err := db.Begin(edge.TxOptions{}); !errors.Is(err, edge.ErrConflict) {
			t.Errorf("a second transaction: %v", err)
		}
		if _, err := tx.Exec("insert into notes (title) values ('rolled back')"); err != nil {
			return err
		}
		if err := tx.Rollback(); err != nil {
			return err
		}
		if tx, err = db.Begin(edge.TxOptions{Isolation: edge.Serializable}); err != nil {
			return err
		}
		if _, err := tx.Exec("insert into notes (title) values ('committed')"); err != nil {
			return err
		}
		if err := tx.Commit(); err != nil {
			return err
		}
		if tx, err = db.Begin(edge.TxOptions{}); err != nil {
			return err
		}
		_, err = tx.Exec("insert into notes (title) values ('left open')")
		return err // and the answer rolls it back
	})
	h.run(t, func(r *edge.Request) error {
		db, err := r.SQL("db")
		if err != nil {
			return err
		}
		result, err := db.Query("select title from notes")
		if err != nil || len(result.Rows) != 1 || result.Rows[0].Values[0] != "committed" {
			t.Errorf("got %v, %v", result, err)
		}
		return err
	})
}
