package gateway_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	"github.com/edge-gateway/edge-gateway/gateway/testdata/goservices"
)

// What the handler in testdata/goservices answers, step by step.
var goServiceSteps = []struct{ step, want string }{
	{"values", `{Affected:1 LastID:1}
{Name:i Native:INTEGER Type:2} int64 7
{Name:t Native:TEXT Type:4} string é
{Name:b Native:BLOB Type:5} []uint8 [0 255]
{Name:at Native:timestamp Type:6} time.Time 2026-01-02 03:04:05.000006 +0000 UTC
{Name:f Native:boolean Type:1} bool true
{Name:j Native:json Type:7} json.RawMessage [123 34 97 34 58 49 125]
{Name:r Native:REAL Type:3} float64 0.5
{Name:n Native:TEXT Type:4} <nil> <nil>
{Name:t Native:INTEGER Type:2} int64 7
error -12 "" 0: not found
`},
	{"pages", `20050 201011275
error -14 "" 0: too large
`},
	{"batch", `3 2 [y] [x]
-17 "23505" 1: in conflict with what is there
[2] <nil>
`},
	{"transaction", `true <nil>
true <nil>
true
`},
	{"open", ""},
	{"quick/hang", cutOff},
	{"count", "[1] [0]\n"},
	{"errors", `-18 "42601" 0: refused by the backend
-2 "" 0: invalid argument
-2 "" 0: invalid argument
-2 "" 0: invalid argument
-2 "" 0: invalid argument
-18 "42P01" 0: refused by the backend
-2 "" 0: invalid argument
-2 "" 0: invalid argument
-2 "" 0: invalid argument
`},
	{"cache", `one
"" "one" "one"
-17 "" 0: in conflict with what is there -12 "" 0: not found
<nil> -17 "" 0: in conflict with what is there
10 <nil>
7 <nil>
true <nil> <nil>
true <nil>
false <nil>
error -2 "" 1: invalid argument
`},
	{"mail", `true false false
-2 "" 0: invalid argument
error -12 "" 0: not found
`},
	{"order", "error -12 \"\" 0: not found\n"},
	{"files", `error -17 "" 0: in conflict with what is there
10 0 "0123456789" true text/css false [{owner me}]
10 3 "3456" true text/css false [{owner me}]
error -2 "range" 0: invalid argument
error -17 "" 0: in conflict with what is there
10 0 "" true text/css false [{owner me}]
10 0 "" true text/css false [{owner me}]
<nil> <nil>
error -12 "" 0: not found
true
error -2 "" 0: invalid argument
`},
	{"upload", `-12 "" 0: not found
4950000 true <nil>
<nil>
`},
	{"list", ` a/b false 10; p/0/x false 0; p/1/x false 0; p/2/x false 0; p/3/x false 0; p/4/x false 0; p/5/x false 0; p/6/x false 0;
 p/0/ true 0; p/1/ true 0; p/2/ true 0; p/3/ true 0; p/4/ true 0; p/5/ true 0; p/6/ true 0;
`},
	{"fetch", `418 [a=1 b=2] PUT /a?b=c ["1" "2"] "sent" /a?b=c true
418 [a=1 b=2] GET /here [] "" /here true
302 [] <a href="/here">Found</a>. /there true
error -4 "" 0: denied: the endpoint has no such binding
error -14 "" 0: too large
`},
	{"together", "<nil>\n"},
	{"big", `true 8388608
error -14 "" 0: too large
`},
	{"denied", `-4 "" 0: denied: the endpoint has no such binding
error -4 "" 0: denied: the endpoint has no such binding
`},
}

// cutOff: the deadline ends the request, and nothing more is said of its answer.
const cutOff = "cut off"

func TestAHandlerInGoUsesServicesAlikeInBothForms(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/there" {
			http.Redirect(w, r, "/here", http.StatusFound)
			return
		}
		body, _ := io.ReadAll(r.Body)
		w.Header()["Set-Cookie"] = []string{"a=1", "b=2"}
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %s %q %q", r.Method, r.URL, r.Header.Values("x"), body)
	}))
	defer server.Close()
	forms := map[string]func(t *testing.T) gateway.Endpoint{
		"function": func(*testing.T) gateway.Endpoint { return gateway.Endpoint{Handler: goservices.Answer} },
		"library": func(t *testing.T) gateway.Endpoint {
			if runtime.GOOS != "linux" {
				t.Skip("Go handler libraries are for linux")
			}
			return gateway.Endpoint{Library: buildGo(t, "testdata/goservices")}
		},
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			e := form(t)
			e.Name, e.Path = "go", "/{step}"
			e.Services = map[string]string{"db": "db", "cache": "cache", "mail": "mail", "files": "files", "web": "web"}
			e.Config = map[string]string{"url": server.URL}
			e.Limits.Timeout = 10 * time.Second
			quick := e
			quick.Name, quick.Path, quick.Limits.Timeout = "quick", "/quick/{step}", 200*time.Millisecond
			_, addr := start(t, gateway.Options{}, gateway.Snapshot{
				Endpoints: []gateway.Endpoint{e, quick},
				Services: []gateway.Service{
					{Name: "db", Kind: "sql"}, {Name: "cache", Kind: "cache"}, {Name: "files", Kind: "storage"},
					{Name: "mail", Kind: "email", Options: config.Options{"from": "shop@example.com", "databases": []string{"db"}}},
					{Name: "web", Kind: "http", Options: config.Options{"allow": []string{server.Listener.Addr().String()}, "allow_private": true}},
				},
			})
			for _, s := range goServiceSteps {
				answer := get(t, addr, "/"+s.step)
				if s.want != cutOff && (answer.Status != 200 || string(answer.Body) != s.want) {
					t.Errorf("%s: %d\n%s\nwant\n%s", s.step, answer.Status, answer.Body, s.want)
				}
			}
		})
	}
}

// What an S3 server calls its errors, and a folder does not.
var codesOfS3 = strings.NewReplacer("PreconditionFailed", "", "NoSuchKey", "")

// What a library gets does not depend on the driver.
func TestALibraryInGoUsesRealBackends(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("Go handler libraries are for linux")
	}
	want := map[string]string{}
	for _, s := range goServiceSteps {
		want[s.step] = s.want
	}
	for name, backend := range map[string]struct {
		open  func(t *testing.T) gateway.Service
		steps []string
	}{
		"postgres": {func(t *testing.T) gateway.Service {
			return gateway.Service{Name: "db", Kind: "sql", Driver: "postgres", Options: config.Options{"url": config.Hidden(servertest.Postgres(t).URL())}}
		}, []string{"pages", "transaction", "open", "quick/hang", "count"}},
		"memcached": {func(t *testing.T) gateway.Service {
			return gateway.Service{Name: "cache", Kind: "cache", Driver: "memcached", Options: config.Options{"servers": []string{servertest.Memcached(t).Address}}}
		}, []string{"cache"}},
		"redis": {func(t *testing.T) gateway.Service {
			return gateway.Service{Name: "cache", Kind: "cache", Driver: "redis", Options: config.Options{"address": servertest.Redis(t).Address}}
		}, []string{"cache"}},
		"s3": {func(t *testing.T) gateway.Service {
			return gateway.Service{Name: "files", Kind: "storage", Driver: "s3", Options: config.Options{
				"endpoint": "http://" + servertest.S3(t, "files").Address, "bucket": "files",
				"access_key": config.Hidden(servertest.S3AccessKey), "secret_key": config.Hidden(servertest.S3SecretKey),
			}}
		}, []string{"files", "upload", "list"}},
		"smtp": {func(t *testing.T) gateway.Service {
			port := servertest.StartSMTP(t, servertest.SMTPOptions{}).Port
			return gateway.Service{Name: "mail", Kind: "email", Driver: "smtp", Options: config.Options{
				"from": "shop@example.com", "host": "127.0.0.1", "port": int64(port), "encryption": "none",
			}}
		}, []string{"mail"}},
	} {
		t.Run(name, func(t *testing.T) {
			service := backend.open(t)
			e := gateway.Endpoint{Name: "go", Path: "/{step}", Library: buildGo(t, "testdata/goservices"), Services: map[string]string{service.Name: service.Name}}
			quick := e
			quick.Name, quick.Path, quick.Limits.Timeout = "quick", "/quick/{step}", time.Second
			_, addr := start(t, gateway.Options{}, gateway.Snapshot{Endpoints: []gateway.Endpoint{e, quick}, Services: []gateway.Service{service}})
			for _, step := range backend.steps {
				answer := get(t, addr, "/"+step)
				body := codesOfS3.Replace(string(answer.Body))
				if want[step] != cutOff && (answer.Status != 200 || body != want[step]) {
					t.Errorf("%s: %d\n%s\nwant\n%s", step, answer.Status, body, want[step])
				}
			}
		})
	}
}

func TestALibraryInGoUsesServicesInTheBackground(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("Go handler libraries are for linux")
	}
	library := buildFiles(t, map[string]string{
		"go.mod": "module example.com/background\n\ngo 1.26\n\nrequire github.com/edge-gateway/edge-gateway/sdk-go v0.1.0\n",
		"main.go": `package main

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	_ "github.com/edge-gateway/edge-gateway/sdk-go/export"
)

func init() { edge.Register(edge.Library{Init: start, Handler: answer, Shutdown: stop}) }
func main() {}

var (
	said []string
	work sync.WaitGroup
	quit = make(chan struct{})
)

func start(i *edge.Instance) error {
	db, err := i.SQL("db")
	if err != nil {
		return err
	}
	if _, err := db.Exec("create table if not exists t (n integer)"); err != nil {
		return err
	}
	for n := range 100 {
		if _, err := db.Exec("insert into t values ($1)", n); err != nil {
			return err
		}
	}
	row, err := db.QueryOne("select sum(n), $1 from t", strings.Repeat("x", 1<<20))
	if err != nil {
		return err
	}
	_, err = db.Begin(edge.TxOptions{})
	said = append(said, fmt.Sprint(row.Values[0], len(row.Values[1].(string)), errors.Is(err, edge.ErrUnsupported)))
	work.Go(func() {
		for {
			select {
			case <-quit:
				return
			default:
				if _, err := db.QueryOne("select 1"); err != nil {
					i.Log(edge.LevelError, err.Error())
					return
				}
			}
		}
	})
	return nil
}

func answer(r *edge.Request) (*edge.Response, error) { return edge.Text(200, said[0]), nil }

func stop(*edge.Instance) {
	close(quit)
	work.Wait()
}
`,
	})
	_, addr := start(t, gateway.Options{}, gateway.Snapshot{
		Endpoints: []gateway.Endpoint{{Name: "go", Path: "/", Library: library, Services: map[string]string{"db": "db"}}},
		Services:  []gateway.Service{{Name: "db", Kind: "sql"}},
	})
	if answer := get(t, addr, "/"); string(answer.Body) != "4950 1048576 true" {
		t.Errorf("got %q", answer.Body)
	}
}

// buildGo compiles a handler that is the function Answer of a package here.
func buildGo(t *testing.T, dir string) string {
	t.Helper()
	files := map[string]string{
		"go.mod": "module example.com/handler\n\ngo 1.26\n\nrequire github.com/edge-gateway/edge-gateway/sdk-go v0.1.0\n",
		"main.go": `package main

import (
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	_ "github.com/edge-gateway/edge-gateway/sdk-go/export"
)

func init() { edge.Handle(Answer) }
func main() {}
`,
	}
	paths, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	for _, path := range paths {
		code, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(path)] = packageClause.ReplaceAllString(string(code), "package main")
	}
	return buildFiles(t, files)
}

var packageClause = regexp.MustCompile(`(?m)^package \w+$`)

func buildFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	source := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(source, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return build(t, source)
}
