// Services calls each operation of each service, by path, and answers with what
// came of it.
package main

import (
	"errors"
	"fmt"
	"sync"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	_ "github.com/edge-gateway/edge-gateway/sdk-go/export"
)

func init() {
	edge.Register(edge.Library{Handler: answer, Init: start, Shutdown: stop})
}

func main() {}

var steps = map[string]func(*edge.Request, *out) error{}

func answer(r *edge.Request) (*edge.Response, error) {
	step := steps[r.Path]
	if step == nil {
		return edge.Text(404, r.Path), nil
	}
	o := &out{}
	if err := step(r, o); err != nil {
		o.failed(err)
	}
	return edge.Bytes(200, "text/plain", o.text), nil
}

// out is the text of an answer.
type out struct{ text []byte }

func (o *out) say(format string, args ...any) { o.text = fmt.Appendf(o.text, format+"\n", args...) }

func (o *out) failed(err error) {
	var f *edge.ServiceError
	if !errors.As(err, &f) {
		o.say("error %v", err)
		return
	}
	o.say("failed %d %q %q %d %s", f.Status, f.Code, f.Subject, f.Position, f)
}

// late is a call that goes on when its request has been answered.
var late struct {
	sync.WaitGroup
	err error
}

func start(i *edge.Instance) error {
	if i.Config.Get("background") == "" {
		return nil
	}
	db, err := i.SQL("db")
	if err != nil {
		return err
	}
	row, err := db.QueryOne("select $1", "background")
	if err != nil {
		return err
	}
	i.Log(edge.LevelInfo, fmt.Sprint(row.Values...))
	_, err = db.Exec("fail -13 none none 0 no background")
	i.Log(edge.LevelInfo, err.Error())
	return nil
}

func stop(i *edge.Instance) {
	late.Wait()
	if late.err != nil {
		i.Log(edge.LevelInfo, "late: "+late.err.Error())
	}
}
