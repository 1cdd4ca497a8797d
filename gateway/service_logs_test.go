package gateway_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

func TestANameThatIsNotBoundIsToldOnce(t *testing.T) {
	log, said := logTo(t)
	handler := func(r *edge.Request) (*edge.Response, error) {
		if _, err := r.SQL("dbb"); !errors.Is(err, edge.ErrDenied) {
			t.Errorf("%v", err)
		}
		return edge.Text(200, ""), nil
	}
	_, address := start(t, gateway.Options{Log: log}, gateway.Snapshot{
		Services:  []gateway.Service{{Name: "main", Kind: "sql"}},
		Endpoints: []gateway.Endpoint{{Name: "a", Path: "/a", Handler: handler, Services: map[string]string{"db": "main"}}},
	})
	for range 3 {
		get(t, address, "/a")
	}
	const told = `"endpoint":"a","version":"go-function","name":"dbb","bound":"db"`
	if n := strings.Count(said.String(), told); n != 1 {
		t.Errorf("told %d times, want once", n)
	}
}

func TestABackendThatComesUpLaterIsTold(t *testing.T) {
	t.Parallel()
	log, said := logTo(t)
	inTheWay := filepath.Join(t.TempDir(), "folder")
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, gateway.Options{Log: log}, gateway.Snapshot{Services: []gateway.Service{
		{Name: "main", Kind: "sql", Options: config.Options{"path": filepath.Join(inTheWay, "a.db")}},
	}})
	said.wait(t, 1, "cannot be reached")
	if err := os.Remove(inTheWay); err != nil {
		t.Fatal(err)
	}
	said.wait(t, 1, "is reached now")
}

func TestMailIsTakenFromDatabasesOnly(t *testing.T) {
	g, err := gateway.New(gateway.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Shutdown(t.Context())
	err = g.Apply(t.Context(), gateway.Snapshot{Services: []gateway.Service{
		{Name: "mail", Kind: "email", Options: config.Options{"from": "a@b.c", "databases": []string{"gone", "cache"}}},
		{Name: "cache", Kind: "cache"},
	}})
	for _, want := range []string{`service "mail": it takes mail from service "gone", which is not there`, `from service "cache", which is of kind "cache"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
