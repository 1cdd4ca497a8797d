package logs

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// What a handler logs and the access log of its request are found by the
// request and by the endpoint.
func TestARequestOfAGatewayIsFound(t *testing.T) {
	s, log := open(t, t.TempDir())
	g, err := gateway.New(gateway.Options{Dir: t.TempDir(), Log: log, Access: log, IdleGrace: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	talk := func(r *edge.Request) (*edge.Response, error) {
		if r.Path == "/fail" {
			return nil, errors.New("no luck")
		}
		r.Log(edge.LevelDebug, "in detail "+r.Path+strings.Repeat("x", 64<<10))
		return edge.Text(200, "said"), nil
	}
	var endpoints []gateway.Endpoint
	for _, name := range []string{"one", "two", "fail"} {
		endpoints = append(endpoints, gateway.Endpoint{Name: name, Path: "/" + name, Handler: talk})
	}
	if err := g.Apply(t.Context(), gateway.Snapshot{Endpoints: endpoints}); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- g.Serve(ln) }()
	for _, name := range []string{"one", "two", "fail", "none"} {
		r, err := http.Get("http://" + ln.Addr().String() + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	if err := g.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	<-served

	lines := last(t, s, model.LogFilter{Endpoint: "one", Level: everything.Level}, 10)
	if len(lines) != 2 || lines[0].Level != "debug" || !strings.HasPrefix(lines[0].Message, "in detail /one") || lines[1].More["status"] != "200" {
		t.Fatalf("%.300v", lines)
	}
	id := lines[1].RequestID
	if id == "" || lines[0].RequestID != id || lines[0].Version == "" {
		t.Errorf("%.300v", lines)
	}
	if again := last(t, s, model.LogFilter{RequestID: id, Level: everything.Level}, 10); len(again) != 2 || again[0].Message != lines[0].Message {
		t.Errorf("%.300v", again)
	}
	failed := last(t, s, model.LogFilter{Endpoint: "fail"}, 10)
	if !slices.ContainsFunc(failed, func(l model.LogLine) bool { return l.Level == "error" && l.More["message"] == "no luck" }) {
		t.Errorf("%.300v", failed)
	}
}
