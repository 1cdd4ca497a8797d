package scenarios

import (
	"errors"
	"sync"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

var allScenarios = map[string]func(*run) error{"all-together": together, "all-denied": denied}

// together asks four services side by side.
func together(r *run) error {
	db, e1 := r.SQL("db")
	c, e2 := r.Cache("cache")
	files, e3 := r.Storage("files")
	web, e4 := r.HTTP("web")
	if err := errors.Join(e1, e2, e3, e4); err != nil {
		return err
	}
	var (
		all    sync.WaitGroup
		row    edge.Row
		value  edge.CacheEntry
		head   *edge.Object
		answer *edge.HTTPResponse
	)
	all.Go(func() { row, e1 = db.QueryOne("select 7") })
	all.Go(func() { value, e2 = c.Get(r.key("together")) })
	all.Go(func() { head, e3 = files.Head(r.key("together")) })
	all.Go(func() { answer, e4 = web.Get(r.config("url") + "/here") })
	all.Wait()
	if err := errors.Join(e1, e2, e4); err != nil {
		return err
	}
	r.row("sql", row)
	r.say("cache: %s", entry(value))
	r.say("http: %d", answer.Status)
	return r.object("storage", head, e3)
}

// denied asks for services that the endpoint is not bound to, and for one of
// another kind.
func denied(r *run) error {
	_, err := r.SQL("nowhere")
	r.outcome("sql", err)
	_, err = r.Cache("nowhere")
	r.outcome("cache", err)
	_, err = r.Storage("nowhere")
	r.outcome("storage", err)
	_, err = r.Email("nowhere")
	r.outcome("email", err)
	_, err = r.HTTP("nowhere")
	r.outcome("http", err)
	db, err := r.SQL("cache")
	if err != nil {
		return err
	}
	_, err = db.Query("select 1")
	r.outcome("a cache as a database", err)
	return nil
}
