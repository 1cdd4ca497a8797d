package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync/atomic"
)

// soaked is an endpoint under the soak. Its two versions come from one source:
// in each a text is replaced by one with the version's name in place of {v}.
type soaked struct {
	name, route    string
	source, file   string // in the repository, and the file in it with the text
	text, replaced string
	ledger         bool // bound to a database and a cache
	flags          []string

	// ask makes up a request, and what answers it: content type, line feed,
	// body, with {v}. Of a ledger the second is empty.
	ask func(s *slot, e *soaked) (request, want string)

	number    int
	isolated  bool
	libraries [2]string // as compiled
	digests   [2]string // as deployed; the second when it is for the first time
	deploys   int       // that can be rolled back

	// What it serves: a number that grows with every change, times four, plus 0
	// while that is unsettled, else 1 or 2 for the version.
	serves atomic.Uint64
}

// versionNames are what answers tell versions by.
var versionNames = [2]string{"first", "second"}

// soakedEndpoints are the twenty.
func soakedEndpoints() []*soaked {
	const text = "text/plain; charset=utf-8\n"
	hello := func(s *slot, e *soaked) (string, string) {
		n := s.random.IntN(1e6)
		return get(fmt.Sprintf("/%s/n%d", e.name, n)), fmt.Sprintf("%s{v}, n%d!", text, n)
	}
	wait := func(s *slot, e *soaked) (string, string) {
		ms := s.random.IntN(4)
		return get(fmt.Sprintf("/%s?ms=%d", e.name, ms)), fmt.Sprintf("%s{v} waited %d ms\n", text, ms)
	}
	static := func(s *slot, e *soaked) (string, string) { return get("/" + e.name), text + "Hello, {v}!" }
	hellos := func(name, source, file string) *soaked {
		return &soaked{name: name, route: "GET /" + name + "/{name}", source: source, file: file, text: "Hello, ", replaced: "{v}, ", ask: hello}
	}
	waits := func(name, source, file string) *soaked {
		return &soaked{name: name, route: "GET /" + name, source: source, file: file, text: `"waited `, replaced: `"{v} waited `, ask: wait}
	}
	echoes := func(name, source, file, quoted string) *soaked {
		return &soaked{name: name, route: "/" + name + "/{path:*}", source: source, file: file,
			text: "{" + quoted + "method", replaced: "{" + quoted + "{v}" + quoted + ":1," + quoted + "method", ask: echo}
	}
	ledgers := func(name, source, file string) *soaked {
		return &soaked{name: name, route: "GET,POST /" + name + "/{id}", source: source, file: file,
			text: "unversioned", replaced: "{v}", ledger: true, ask: askLedger}
	}
	all := []*soaked{
		hellos("c-hello", "sdk-c/examples/hello", "hello.c"),
		{name: "c-static", route: "GET /c-static", source: "bench/handlers/static", file: "static.c", text: "Hello, world!", replaced: "Hello, {v}!", ask: static},
		waits("c-wait", "sdk-c/examples/wait", "wait.c"),
		waits("c-wait-blocking", "sdk-c/examples/wait_blocking", "wait_blocking.c"),
		waits("c-pending", "sdk-c/examples/pending", "pending.c"),
		echoes("c-echo", "sdk-c/examples/echo", "echo.c", `\"`),
		ledgers("c-ledger", "bench/handlers/ledger", "ledger.c"),
		ledgers("c-ledger-2", "bench/handlers/ledger", "ledger.c"),

		hellos("rust-hello", "sdk-rust/examples/hello", "src/lib.rs"),
		waits("rust-wait", "sdk-rust/examples/wait", "src/lib.rs"),
		echoes("rust-echo", "sdk-rust/examples/echo", "src/lib.rs", `\"`),
		{name: "rust-json", route: "POST /rust-json", source: "sdk-rust/examples/json", file: "src/lib.rs",
			text: `"application/json"`, replaced: `"application/json; version={v}"`, ask: indent},
		ledgers("rust-ledger", "bench/handlers/ledger_async", "src/lib.rs"),
		ledgers("rust-ledger-2", "bench/handlers/ledger_async", "src/lib.rs"),

		hellos("go-hello", "sdk-go/examples/hello", "main.go"),
		waits("go-wait", "sdk-go/examples/wait", "main.go"),
		echoes("go-echo", "sdk-go/examples/echo", "main.go", `"`),
		{name: "go-markdown", route: "POST /go-markdown", source: "sdk-go/examples/markdown", file: "main.go",
			text: "charset=utf-8", replaced: "charset=utf-8; version={v}", ask: markdown},
		ledgers("go-ledger", "bench/handlers/ledger_go", "main.go"),
		ledgers("go-ledger-2", "bench/handlers/ledger_go", "main.go"),
	}
	for n, e := range all {
		e.number = n
	}
	return all
}

func get(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: soak\r\n\r\n" }

func post(path, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: soak\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
}

// echo sends up to 64 KiB, of which a digest comes back.
func echo(s *slot, e *soaked) (string, string) {
	body := strings.Repeat("0123456789abcdef", s.random.IntN(16)*s.random.IntN(16)*s.random.IntN(16))
	path := fmt.Sprintf("/%s/n%d", e.name, s.random.IntN(1e6))
	_, parameter, _ := strings.Cut(path[1:], "/")
	return post(path, body), fmt.Sprintf("application/json\n"+`{"{v}":1,"method":"POST","path":"%s","query":"","params":[["path","%s"]],"headers":[["Host","soak"],["Content-Length","%d"]],"body_length":%d,"body_sha256":"%x"}`+"\n",
		path, parameter, len(body), len(body), sha256.Sum256([]byte(body)))
}

func indent(s *slot, e *soaked) (string, string) {
	n := s.random.IntN(1e6)
	return post("/"+e.name, fmt.Sprintf(`{"n":%d,"list":[1,2]}`, n)),
		fmt.Sprintf("application/json; version={v}\n{\n  \"n\": %d,\n  \"list\": [\n    1,\n    2\n  ]\n}", n)
}

func markdown(s *slot, e *soaked) (string, string) {
	n := s.random.IntN(1e6)
	return post("/"+e.name, fmt.Sprintf("# Title %d\n\nSome *text*.\n", n)),
		fmt.Sprintf("text/html; charset=utf-8; version={v}\n<h1>Title %d</h1>\n<p>Some <em>text</em>.</p>\n", n)
}

// versionOf tells which version has given an answer, 1 or 2; 0 if it is not what
// any should give.
func versionOf(r reply, want string) uint64 {
	for i, name := range versionNames {
		kind, body, _ := strings.Cut(strings.Replace(want, "{v}", name, 1), "\n")
		if string(r.kind) == kind && bytes.Equal(r.body, []byte(body)) {
			return uint64(i + 1)
		}
	}
	return 0
}
