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
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
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
-3 "" 0: unsupported by this gateway
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

// buildGo compiles a handler that is the function Answer of a package here.
func buildGo(t *testing.T, dir string) string {
	t.Helper()
	source := t.TempDir()
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
	for file, content := range files {
		if err := os.WriteFile(filepath.Join(source, file), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return build(t, source)
}

var packageClause = regexp.MustCompile(`(?m)^package \w+$`)
