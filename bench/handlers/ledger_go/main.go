// Ledger answers /ledger/{id} as the handler of that name in C does, with calls
// that hold their thread. Bindings: db, cache.
package main

import (
	"errors"
	"fmt"
	"strconv"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	_ "github.com/edge-gateway/edge-gateway/sdk-go/export"
)

const version = "unversioned"

func init() { edge.Handle(ledger) }

func main() {}

func ledger(r *edge.Request) (*edge.Response, error) {
	db, err := r.SQL("db")
	if err != nil {
		return nil, err
	}
	cache, err := r.Cache("cache")
	if err != nil {
		return nil, err
	}
	id := r.Param("id")
	if r.Method != "POST" {
		entry, err := cache.Get(id)
		if err != nil {
			return nil, err
		}
		if entry.Found() {
			return tell("remembered", string(entry.Value)), nil
		}
	}
	how, number, err := fromDatabase(db, id, r.Method == "POST")
	if err != nil {
		return nil, err
	}
	text := strconv.FormatInt(number, 10)
	if err := cache.Set(id, []byte(text), 0); err != nil {
		return nil, err
	}
	return tell(how, text), nil
}

func tell(how, number string) *edge.Response {
	return edge.Text(200, fmt.Sprintf("%s %s %s\n", version, how, number))
}

func fromDatabase(db edge.SQL, id string, count bool) (how string, number int64, err error) {
	if !count {
		row, err := db.QueryOne("select n from ledger where id = $1", id)
		if errors.Is(err, edge.ErrNotFound) {
			return "read", 0, nil
		}
		if err == nil {
			err = row.Scan(&number)
		}
		return "read", number, err
	}
	results, err := db.Batch(
		edge.Statement{Text: "create table if not exists ledger (id text primary key, n bigint not null)"},
		edge.Statement{Text: `insert into ledger (id, n) values ($1, 1)
			on conflict (id) do update set n = ledger.n + 1 returning n`, Params: []any{id}},
	)
	if err != nil {
		return "", 0, err
	}
	if len(results) != 2 || len(results[1].Rows) != 1 {
		return "", 0, errors.New("nothing came back")
	}
	return "counted", number, results[1].Rows[0].Scan(&number)
}
