package gateway_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// misusing serves the handler that uses services in unusual ways, at
// /{how}, on these drivers; reset is as for the scenarios.
func misusing(t *testing.T, opts gateway.Options, services []gateway.Service, upstream http.HandlerFunc, limits gateway.Limits) (g *gateway.Gateway, address string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the handler has threads of POSIX")
	}
	server := httptest.NewServer(upstream)
	t.Cleanup(server.Close)
	services = append(services, gateway.Service{Name: "web", Kind: "http", Options: config.Options{
		"allow": []string{server.Listener.Addr().String()}, "allow_private": true, "max_body": int64(64 << 20),
	}})
	e := endpoint("misuse", "/{how}", build(t, "testdata/handlers/misuse"))
	e.Services = map[string]string{"db": "db", "cache": "cache", "files": "files", "mail": "mail", "web": "web"}
	e.Config, e.Limits = map[string]string{"url": server.URL}, limits
	reset := gateway.Endpoint{Name: "reset", Path: "/reset/tables", Handler: resetTables, Services: map[string]string{"db": "db"}}
	g, address = start(t, opts, gateway.Snapshot{Endpoints: []gateway.Endpoint{e, reset}, Services: services})
	says(t, address, "/reset/tables", "")
	return g, address
}

func says(t *testing.T, address, path, want string) {
	t.Helper()
	if r := get(t, address, path); r.Status != 200 || string(r.Body) != want {
		t.Errorf("%s: %d %q, want %q", path, r.Status, r.Body, want)
	}
}

func echo(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }

// TestServicesOutliveMisuse: what the contract forbids is a status, and what it
// allows works, from whatever thread.
func TestServicesOutliveMisuse(t *testing.T) {
	_, address := misusing(t, gateway.Options{MaxMemory: 64 << 20}, embedded(t).services, echo, gateway.Limits{})

	// After the end of a request, whose transaction was open.
	for _, late := range []string{"late", "late-thread"} {
		says(t, address, "/keep", "0")
		becomes(t, func() string { return string(get(t, address, "/"+late).Body) }, "-9 -9 -9 -9 -9 -9 -9 -9 -9")
		says(t, address, "/count", "0 0")
	}
	says(t, address, "/foreign", "0 7 0")
	says(t, address, "/background", "0: 0 -3 0 0 -3 0: 7")

	content := everyByte(1 << 20)
	response, err := http.Post("http://"+address+"/borrowed", "application/octet-stream", bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil || response.Header.Get("X-Borrowed") != "of a row" || !bytes.Equal(body, content) {
		t.Errorf("%d %q, %d bytes, %v", response.StatusCode, response.Header, len(body), err)
	}

	says(t, address, "/give-back", "0 all")    // in all more than the gateway lends
	says(t, address, "/pile-up", "-5 not all") // the same at a time
	says(t, address, "/give-back", "0 all")    // what had piled up is back

	// No such operation, no arguments, too short a struct: of each kind.
	says(t, address, "/wrong", `-3 -4
-3 -2 -2
-3 -2 -2
-3 -2 -2
-3 -2 -2
-3 -2 -2
-2 -2 -2 -2 -2
`)
	says(t, address, "/hello", "hello")
}

// TestServicesCarryLargeValues: 64 MiB there and back, and one byte more, on
// every driver that may carry it.
func TestServicesCarryLargeValues(t *testing.T) {
	const most = 64 << 20
	raise := func(services []gateway.Service) []gateway.Service {
		for i := range services {
			s := &services[i]
			s.Timeout = 30 * time.Second
			if s.Options == nil {
				s.Options = config.Options{}
			}
			switch {
			case s.Kind == "sql":
				s.Options["max_bytes"] = int64(80 << 20)
			case s.Kind == "cache" && s.Driver == "":
				s.Options["max_bytes"] = int64(200 << 20)
			}
		}
		return services
	}
	for name, open := range map[string]func(*testing.T) drivers{"embedded": embedded, "real": realServers} {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			_, address := misusing(t, gateway.Options{}, raise(d.services), echo, gateway.Limits{Timeout: 60 * time.Second})
			for _, kind := range []string{"sql", "cache", "storage", "http"} {
				says(t, address, fmt.Sprintf("/large-%s?%d", kind, most), "0 0 same")
				says(t, address, fmt.Sprintf("/large-%s?%d", kind, most+1), "-14 0 other")
			}
			says(t, address, fmt.Sprintf("/large-email?%d", 16<<20), "0 0 same")
			says(t, address, fmt.Sprintf("/large-email?%d", most), "-14 0 other")
		})
	}
}

// TestAGoHandlerKeepsARequestTooLong: what a function does with a request after
// its answer is ErrStale, with a transaction of it too.
func TestAGoHandlerKeepsARequestTooLong(t *testing.T) {
	type remains struct {
		*edge.Request
		tx edge.Tx
		db edge.SQL
	}
	kept := make(chan remains, 1)
	keep := func(r *edge.Request) (*edge.Response, error) {
		db, err := r.SQL("db")
		if err != nil {
			return nil, err
		}
		tx, err := db.Begin(edge.TxOptions{})
		kept <- remains{r, tx, db}
		return edge.Text(200, ""), err
	}
	bound := map[string]string{"db": "db"}
	_, address := start(t, gateway.Options{}, gateway.Snapshot{
		Services: []gateway.Service{{Name: "db", Kind: "sql"}},
		Endpoints: []gateway.Endpoint{
			{Name: "keep", Path: "/keep", Handler: keep, Services: bound}, {Name: "reset", Path: "/reset", Handler: resetTables, Services: bound},
		},
	})
	says(t, address, "/reset", "")
	says(t, address, "/keep", "")
	late := <-kept
	becomes(t, func() string { return fmt.Sprint(late.Sleep(0)) }, edge.ErrStale.Error())
	_, inTx := late.tx.Exec("insert into note values (99, 'late', 1)")
	_, outside := late.db.Query("select 1")
	_, again := late.db.Begin(edge.TxOptions{})
	for n, err := range []error{inTx, outside, again, late.tx.Commit()} {
		if !errors.Is(err, edge.ErrStale) {
			t.Errorf("%d: %v", n, err)
		}
	}
}
