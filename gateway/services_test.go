package gateway_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	scenarios "github.com/edge-gateway/edge-gateway/gateway/testdata/handlers/services/go"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// form is one way to write the handler of the scenarios.
type form struct {
	name string // the "how" of its paths too
	at   string // the endpoint
	not  string // a scenario that the language cannot express
}

var forms = []form{
	{name: "function", at: "/function"},
	{name: "awaiting", at: "/c"}, {name: "blocking", at: "/c"},
	{name: "rust", at: "/rust", not: "sql-not-utf8"}, // a str is UTF-8
	{name: "go", at: "/go"},
}

// drivers are one of every kind.
type drivers struct {
	name     string
	services []gateway.Service // db, cache, files and mail
	differ   map[string]string // what the table has names for
	mails    func() []string   // that have arrived, whole
}

func embedded(t *testing.T) drivers {
	folder := filepath.Join(t.TempDir(), "mail")
	return drivers{
		services: []gateway.Service{
			{Name: "db", Kind: "sql"}, {Name: "cache", Kind: "cache"}, {Name: "files", Kind: "storage", Options: config.Options{}},
			{Name: "mail", Kind: "email", Options: config.Options{"path": folder, "from": "Shop <shop@example.com>", "databases": []string{"db"}}},
		},
		differ: map[string]string{
			"last id": "2", "unique": "note.title", "key": "note.id", "missing": " missing", "syntax": "",
			// sqlite lets every value into every column.
			"wrong type": "ok",
		},
		mails: func() (mails []string) {
			files, err := filepath.Glob(filepath.Join(folder, "*.eml"))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				mail, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				mails = append(mails, string(mail))
			}
			return mails
		},
	}
}

// serving is a gateway with all forms of the handler, each bound to the same
// services.
type serviceGateway struct {
	*gateway.Gateway
	address  string
	snapshot gateway.Snapshot
}

func serveScenarios(t *testing.T, d drivers) *serviceGateway {
	upstream := httptest.NewServer(http.HandlerFunc(answerUpstream))
	t.Cleanup(upstream.Close)
	closed := servertest.Loopback(servertest.Port(t))
	web := gateway.Service{Name: "web", Kind: "http", Options: config.Options{"allow": []string{upstream.Listener.Addr().String(), closed}, "allow_private": true}}
	var endpoints []gateway.Endpoint
	add := func(e gateway.Endpoint) {
		e.Path = "/" + e.Name + "/{how}/{scenario}"
		e.Services = map[string]string{"db": "db", "cache": "cache", "files": "files", "mail": "mail", "web": "web"}
		e.Config = map[string]string{"url": upstream.URL, "closed": "http://" + closed + "/"}
		e.Limits.Timeout = 10 * time.Second
		endpoints = append(endpoints, e)
	}
	add(gateway.Endpoint{Name: "function", Handler: scenarios.Answer})
	add(gateway.Endpoint{Name: "c", Library: build(t, "testdata/handlers/services/c")})
	add(gateway.Endpoint{Name: "rust", Library: build(t, "testdata/handlers/services/rust")})
	if runtime.GOOS == "linux" {
		add(gateway.Endpoint{Name: "go", Library: buildGo(t, "testdata/handlers/services/go")})
	}
	endpoints = append(endpoints, gateway.Endpoint{Name: "reset", Path: "/reset", Handler: resetTables, Services: map[string]string{"db": "db"}})
	s := &serviceGateway{snapshot: gateway.Snapshot{Endpoints: endpoints, Services: append(d.services, web)}}
	s.Gateway, s.address = start(t, gateway.Options{}, s.snapshot)
	return s
}

func answerUpstream(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/there":
		http.Redirect(w, r, "/here", http.StatusFound)
	case "/away":
		http.Redirect(w, r, "http://elsewhere.example/", http.StatusFound)
	case "/slow":
		<-r.Context().Done()
	default:
		body, _ := io.ReadAll(r.Body)
		w.Header()["Set-Cookie"] = []string{"a=1", "b=2"}
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %s %v %s", r.Method, r.URL, r.Header.Values("x"), body)
	}
}

// resetTables makes the tables of the scenarios anew.
func resetTables(r *edge.Request) (*edge.Response, error) {
	db, err := r.SQL("db")
	if err != nil {
		return nil, err
	}
	for _, text := range []string{
		"drop table if exists typed", "drop table if exists note",
		"create table typed (id bigint primary key, b boolean, i bigint, f double precision, s text, y bytea, t timestamp with time zone, j json)",
		"create table note (id bigint primary key, title text not null constraint note_title unique, size bigint constraint note_small check (size < 100))",
	} {
		if _, err := db.Exec(text); err != nil {
			return nil, err
		}
	}
	return edge.Text(200, ""), nil
}

// TestServicesAnswerAlikeInEveryLanguage runs the table on every driver, from
// every language.
func TestServicesAnswerAlikeInEveryLanguage(t *testing.T) {
	t.Run("embedded", func(t *testing.T) { answerAlike(t, embedded(t)) })
}

func answerAlike(t *testing.T, d drivers) {
	s := serveScenarios(t, d)
	if r := get(t, s.address, "/reset"); r.Status != 200 {
		t.Fatal(r.Status)
	}
	var names []string
	for name, text := range d.differ {
		names = append(names, "{"+name+"}", text)
	}
	fill := strings.NewReplacer(names...)
	for _, f := range forms {
		if f.name == "go" && runtime.GOOS != "linux" {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			for _, c := range scenarioTable {
				if c.scenario == f.not {
					continue
				}
				want := fill.Replace(c.want)
				if r := get(t, s.address, f.at+"/"+f.name+"/"+c.scenario); r.Status != 200 || string(r.Body) != want {
					t.Errorf("%s: %d\n%s\nwant\n%s", c.scenario, r.Status, r.Body, want)
				}
			}
		})
	}
}
