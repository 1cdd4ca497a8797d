package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// folder makes a directory with what the test files refer to.
func folder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, sub := range []string{"conf", "src"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "conf", "hello.so"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

const goodFile = `
[server]
listen = "127.0.0.1:0"
admin = "localhost:9091"
data = "../data"
header_limit = "16KiB"
read_timeout = "30s"
idle_timeout = "1m"
drain_timeout = "250ms"
max_connections = 10_000
standby = true
memory = "1GiB"
recycle_memory = "512MiB"
recycle_retained = "64MiB"
recycle_stuck = 16

[[endpoint]]
name = "hello"
domain = "API.example.com"
path = "/c/hello/{name}"
method = "GET"
source = "../src"
timeout = "5s"
max_body = "64 KB"
max_concurrency = 100
max_native = 16
max_stuck = 8
rate = 12.5
burst = 20
isolation = "auto"

[endpoint.process]
memory = "64MiB"
cpu = 1.5
files = 128
open = true

[endpoint.probation]
requests = 5_000
time = "10m"

[endpoint.config]
greeting = "Hello"
"odd key" = 'a "b"'
times = 0x1_0
ratio = 1.50
tiny = 1e-9
loud = true

[[endpoint]]
name = "any"
path = "/{rest:*}"
library = "./hello.so"
max_body = 1024
`

func TestLoadReadsEveryKey(t *testing.T) {
	dir := folder(t)
	path := filepath.Join(dir, "conf", "edge-gateway.toml")
	// Windows line ends and a byte order mark change nothing.
	text := "\xef\xbb\xbf" + strings.ReplaceAll(goodFile, "\n", "\r\n")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	want := &File{
		Path: path,
		Dir:  filepath.Join(dir, "conf"),
		Server: Server{
			Listen:         "127.0.0.1:0",
			Admin:          "localhost:9091",
			Data:           filepath.Join(dir, "data"),
			HeaderLimit:    16 << 10,
			ReadTimeout:    30 * time.Second,
			IdleTimeout:    time.Minute,
			DrainTimeout:   250 * time.Millisecond,
			MaxConnections: 10000,
			Standby:        true,
			Memory:         1 << 30, RecycleMemory: 512 << 20, RecycleRetained: 64 << 20, RecycleStuck: 16,
		},
		Endpoints: []Endpoint{{
			Line:    17,
			Name:    "hello",
			Domain:  "api.example.com",
			Path:    "/c/hello/{name}",
			Methods: []string{"GET"},
			Source:  filepath.Join(dir, "src"),
			Config: map[string]string{
				"greeting": "Hello", "odd key": `a "b"`, "times": "16", "ratio": "1.5", "tiny": "1e-09", "loud": "true",
			},
			Timeout: 5 * time.Second, MaxBody: 64000, MaxConcurrency: 100, MaxNative: 16, MaxStuck: 8, Rate: 12.5, Burst: 20,
			Isolation: "auto", Process: Process{Memory: 64 << 20, CPU: 1.5, Files: 128, Open: true},
			Probation: Probation{Requests: 5000, Time: 10 * time.Minute},
		}, {
			Line:    50,
			Name:    "any",
			Path:    "/{rest:*}",
			Library: filepath.Join(dir, "conf", "hello.so"),
			MaxBody: 1024,
		}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestLoadOfMissingFileSaysSo(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "none.toml"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestParseTakesEveryWayToWriteTables(t *testing.T) {
	dir := folder(t)
	for _, text := range []string{
		"",
		"# nothing yet\n",
		"server.listen = ':80'\nendpoint = []\n",
		"server = { listen = '[::1]:80' }\nendpoint = [{ name = 'a', path = '/', source = 'src', config = { a = 1 } }]\n",
		"[[endpoint]]\nname = 'a'\npath = '/'\nmethods = ['GET', 'HEAD', 'M-SEARCH']\nsource = 'src'\nconfig.a = 1\nconfig.b = 2\n",
	} {
		if _, err := Parse("f", []byte(text), dir); err != nil {
			t.Errorf("%s\n%v", text, err)
		}
	}
}

// endpoint is a good endpoint of three lines with more behind it.
func endpoint(more string) string {
	return "[[endpoint]]\nname = 'a'\nsource = 'src'\n" + more
}

func TestParseReportsProblems(t *testing.T) {
	const notApart = "; names and expressions of parameters and a trailing slash do not tell routes apart"
	tests := []struct {
		name, text string
		want       []string // without the file's name; DIR is the directory
	}{
		{"syntax error ends the judgement", "[server]\nlisten = 8\ndata == 'x'\n[[endpoint]]\n",
			[]string{`3:7: unexpected character U+003D '=' at start of value`}},
		{"unfinished file", "a = [1,", []string{`1:7: array is incomplete`}},
		{"column in characters", `"é" = 1 2`, []string{`1:9: expected newline but got U+0032 '2'`}},
		{"key twice", "[server]\nlisten = ':80'\nlisten = ':81'\ndata = 1\n", []string{
			`3:1: "listen" is already defined at line 2`,
			`4:8: "data" must be a string, not an integer`}},
		{"table twice", "[server]\n[server]\nx = 1\n", []string{`2:2: "server" is already defined at line 1`}},
		{"rule of TOML that only the decoder knows", endpoint("config.x = 1\n[endpoint.config]\n"), []string{
			`1:3: endpoint "a" has no "path"`,
			`5:2: table config already exists as defined by a dotted key`}},
		{"unknown keys", "servr = 1\n[server]\nlissten = ':80'\n" + endpoint("pathh = '/a'\nfoo = 1\npath = '/'\n"), []string{
			`1:1: unknown key "servr" at the top level; did you mean "server"?`,
			`3:1: unknown key "lissten" in [server]; did you mean "listen"?`,
			`7:1: unknown key "pathh" in [[endpoint]]; did you mean "path"?`,
			`8:1: unknown key "foo" in [[endpoint]]`}},
		{"wrong tables", "server = 1\n[endpoint]\nname = 'a'\n", []string{
			`1:1: server must be a table, written [server]`,
			`2:2: every endpoint is a table of its own, written [[endpoint]]`}},
		{"array of something else", "endpoint = ['a']\n", []string{
			`1:1: every endpoint is a table of its own, written [[endpoint]]`}},
		{"missing keys", "\n[[endpoint]]\n[[endpoint]]\nname = 'b'\n", []string{
			`2:3: [[endpoint]] has no "name"`,
			`2:3: [[endpoint]] has no "path"`,
			`2:3: [[endpoint]] needs "source" (a folder to compile) or "library" (a compiled file)`,
			`3:3: endpoint "b" has no "path"`,
			`3:3: endpoint "b" needs "source" (a folder to compile) or "library" (a compiled file)`}},
		{"wrong types", "[server]\nlisten = 80\nread_timeout = 5\nmax_connections = '9'\n" +
			"[[endpoint]]\nname = true\npath = ['/']\nmethod = ['GET']\nsource = 2026-01-01\nmax_body = 1.5\n[endpoint.config]\na = [1]\nb.c = 1\nd = 10:00:00\ne = nan\nf = 9223372036854775808\n", []string{
			`2:10: "listen" must be a string, not an integer`,
			`3:16: "read_timeout" must be a string with a unit, such as "5s" or "250ms", not an integer`,
			`4:19: "max_connections" must be an integer, not a string`,
			`6:8: "name" must be a string, not a boolean`,
			`7:1: "path" must be a string, not an array`,
			`8:1: "method" must be a string, not an array`,
			`9:10: "source" must be a string, not a date or time`,
			`10:12: "max_body" must be an integer (bytes) or a string such as "8MiB" or "64KB", not a float`,
			`12:1: config value "a" must be a string, an integer, a float or a boolean, not an array`,
			`13:1: config value "b" must be a string, an integer, a float or a boolean, not a table`,
			`14:5: config value "d" must be a string, an integer, a float or a boolean, not a date or time; put it in quotes`,
			`15:5: config value "e" must be a finite number, not nan`,
			`16:5: config value "f" must be an integer of 64 bits, not 9223372036854775808`}},
		{"config that is no table", endpoint("path = '/'\nconfig = 'x'\n"), []string{
			`5:10: "config" must be a table, written [endpoint.config], not a string`}},
		{"values out of range", "[server]\nheader_limit = 100\nread_timeout = '0s'\nidle_timeout = '61m'\nmax_connections = 0\n" +
			endpoint("path = '/'\ntimeout = '-5s'\nmax_body = '2GiB'\nmax_concurrency = -1\nmax_native = 99999999999999999999\nmax_stuck = 5000\n"), []string{
			`2:16: "header_limit" must be from 1KiB to 1MiB, not 100`,
			`3:16: "read_timeout" must be from 1ms to 1h, not 0s`,
			`4:16: "idle_timeout" must be from 1ms to 1h, not 61m`,
			`5:19: "max_connections" must be from 1 to 1000000, not 0`,
			`10:11: "timeout" must be from 1ms to 1h, not -5s`,
			`11:12: "max_body" must be from 1B to 1GiB, not 2GiB`,
			`12:19: "max_concurrency" must be from 1 to 1000000, not -1`,
			`13:14: "max_native" must be from 1 to 4096, not 99999999999999999999`,
			`14:13: "max_stuck" must be from 1 to 1024, not 5000`}},
		{"isolation", endpoint("path = '/'\nisolation = 'proces'\n[endpoint.process]\nmemory = '1MiB'\ncpu = 'all'\nfiles = 3\nopen = 1\nx = 1\n[endpoint.probation]\nrequests = 0\ntime = '2h'\n") +
			"[[endpoint]]\nname = 'b'\nsource = 'src'\npath = '/b'\nisolation = true\nprocess = { cpu = nan, memory = '2TiB', files = 9999999 }\nprobation = 'long'\n" +
			"[[endpoint]]\nname = 'c'\nsource = 'src'\npath = '/c'\nprocess = { cpu = 0.001 }\n", []string{
			`5:13: isolation must be one of worker, process, auto, not "proces"; did you mean "process"?`,
			`7:10: "memory" must be from 4MiB to 1024GiB, not 1MiB`,
			`8:7: "cpu" must be a number, not a string`,
			`9:9: "files" must be at least 32: the process needs some itself`,
			`10:8: "open" must be true or false, not an integer`,
			`11:1: unknown key "x" in [endpoint.process]`,
			`13:12: "requests" must be from 1 to 1000000000, not 0`,
			`14:8: "time" must be from 1ms to 1h, not 2h`,
			`19:13: "isolation" must be a string, not a boolean`,
			`20:19: "cpu" must be from 0.01 to 1024, not nan`,
			`20:33: "memory" must be an integer (bytes) or a string such as "8MiB" or "64KB", not "2TiB"`,
			`20:49: "files" must be from 1 to 1048576, not 9999999`,
			`21:13: "probation" must be a table, written [endpoint.probation], not a string`,
			`26:19: "cpu" must be from 0.01 to 1024, not 0.001`}},
		{"rates", endpoint("path = '/'\nrate = 0\n") + strings.Replace(endpoint("path = '/b'\nrate = 'x'\nburst = 3\n"), "'a'", "'b'", 1) +
			strings.Replace(endpoint("path = '/c'\nburst = 3\n"), "'a'", "'c'", 1) + strings.Replace(endpoint("path = '/d'\nrate = 1e9\n"), "'a'", "'d'", 1), []string{
			`5:8: "rate" must be above 0, not 0`,
			`10:8: "rate" must be a number, not a string`,
			`16:9: burst says how many requests of a rate may come at once, and there is no rate`,
			`21:8: rate must be from 0.001 to 1000000 requests a second, not 1e+09`}},
		{"a probation of nobody", endpoint("path = '/'\n[endpoint.probation]\nrequests = 9\n") +
			"[[endpoint]]\nname = 'b'\nsource = 'src'\npath = '/b'\nisolation = 'process'\nprobation = { requests = 9 }\n", []string{
			`5:11: [endpoint.probation] has no effect without isolation = "auto": add that, or leave it out`,
			`12:13: [endpoint.probation] has no effect without isolation = "auto": add that, or leave it out`}},
		{"a worker replaced later than it refuses requests", "[server]\nmemory = '1GiB'\nrecycle_memory = '1GiB'\nrecycle_stuck = 0\nrecycle_retained = '1PB'\n", []string{
			`3:18: "recycle_memory" must be below "memory", above which requests are refused`,
			`4:17: "recycle_stuck" must be from 1 to 100000, not 0`,
			`5:20: "recycle_retained" must be an integer (bytes) or a string such as "8MiB" or "64KB", not "1PB"`}},
		{"values that do not read", "[server]\nheader_limit = '16 kib'\nread_timeout = '5'\ndata = ''\n", []string{
			`2:16: "header_limit" must be an integer (bytes) or a string such as "8MiB" or "64KB", not "16 kib"`,
			`3:16: "read_timeout" must be a string with a unit, such as "5s" or "250ms", not "5"`,
			`4:8: "data" is empty`}},
		{"bad listen address", "[server]\nlisten = '8080'\n", []string{
			`2:10: listen address "8080" is not valid: missing port in address; write it as in "127.0.0.1:8080"`}},
		{"duplicate names", endpoint("path = '/a'\n") + endpoint("path = '/b'\n"), []string{
			`6:8: endpoint "a" is already defined at line 1`}},
		{"conflicting routes", endpoint("path = '/a/{x}'\nmethod = 'GET'\n") +
			"[[endpoint]]\nname = 'b'\nsource = 'src'\npath = '/a/{y:[0-9]+}'\nmethods = ['HEAD', 'POST']\n" +
			"[[endpoint]]\nname = 'c'\nsource = 'src'\npath = '/a/{z?}/'\n", []string{
			`9:8: path "/a/{y:[0-9]+}" conflicts with "/a/{x}" of the endpoint at line 1: both answer HEAD for any domain` + notApart,
			`14:8: path "/a/{z?}/": only optional parameters may follow {z?}`}},
		{"route that conflicts with two", endpoint("path = '/a'\ndomain = 'x.org'\nmethod = 'GET'\n") +
			"[[endpoint]]\nname = 'b'\nsource = 'src'\npath = '/a/'\nmethod = 'POST'\ndomain = 'x.org'\n" +
			"[[endpoint]]\nname = 'c'\nsource = 'src'\npath = '/a/{z?}'\ndomain = 'X.org'\n", []string{
			`16:8: path "/a/{z?}" conflicts with "/a" of the endpoint at line 1: both answer GET for x.org` + notApart,
			`16:8: path "/a/{z?}" conflicts with "/a/" of the endpoint at line 7: both answer POST for x.org` + notApart}},
		{"bad name, domain, path, method", "[[endpoint]]\nname = 'A b'\ndomain = 'x.org:80'\npath = 'a'\nmethod = 'get'\nlibrary = 'conf/hello.so'\n", []string{
			`2:8: name "A b" must be 1 to 64 of a-z, 0-9, '-', '_' and '.', and start with a letter or digit`,
			`3:10: domain "x.org:80" must be a name alone, without port or path`,
			`4:8: path "a": must start with "/"`,
			`5:10: method "get" must be in upper case: write "GET"`}},
		{"methods", endpoint("path = '/'\nmethods = ['GET', 'GET', 3, 'a b']\nmethod = 'PUT'\n") +
			"[[endpoint]]\nname = 'b'\nsource = 'src'\npath = '/b'\nmethods = []\n" +
			"[[endpoint]]\nname = 'c'\nsource = 'src'\npath = '/c'\nmethods = 'GET'\n", []string{
			`5:19: method "GET" is listed twice`,
			`5:26: "methods" must be a string, not an integer`,
			`5:29: method "a b" must be 1 to 32 of A-Z, 0-9, '-' and '_', and start with a letter`,
			`6:1: endpoint "a" has both "method" and "methods"; keep one`,
			`11:1: "methods" is empty; leave it out to answer every method`,
			`16:11: "methods" must be an array such as ["GET", "POST"], not a string`}},
		{"source and library", endpoint("library = 'conf/hello.so'\npath = '/'\n"), []string{
			`4:1: endpoint "a" has both "source" and "library"; keep one`}},
		{"files that are not there", "[[endpoint]]\nname = 'a'\npath = '/a'\nsource = 'none'\n" +
			"[[endpoint]]\nname = 'b'\npath = '/b'\nlibrary = 'none.so'\n" +
			"[[endpoint]]\nname = 'c'\npath = '/c'\nsource = 'conf/hello.so'\n" +
			"[[endpoint]]\nname = 'd'\npath = '/d'\nlibrary = 'src'\n", []string{
			`4:10: source: there is no folder "DIR/none"`,
			`8:11: library: there is no file "DIR/none.so"`,
			`12:10: source: "DIR/conf/hello.so" is not a folder; a compiled file is named by library`,
			`16:11: library: "DIR/src" is a folder; a folder to compile is named by source`}},
	}
	dir := folder(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file, err := Parse("edge-gateway.toml", []byte(test.text), dir)
			var list Errors
			if !errors.As(err, &list) || file != nil {
				t.Fatalf("got %v, %v", file, err)
			}
			got := filepath.ToSlash(strings.ReplaceAll(err.Error(), dir, "DIR"))
			want := "edge-gateway.toml:" + strings.Join(test.want, "\nedge-gateway.toml:")
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{goodFile, "a.b = {c = [1, {d = 2}]}\n[a.b]\n", "[[endpoint]]\n[endpoint]\n",
		"endpoint = [{path = '/{x?}/{y:(?:a|b)}%2f'}]", "server.data = \"\\u0000\"", "x = 'é\n", "[a]\n[a.b]\n[[a.b]]\n", "a='''\n\n'''=", "\r", "="} {
		f.Add([]byte(seed))
	}
	dir := folder(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse("f", data, filepath.Join(dir, "conf"))
		if (file == nil) == (err == nil) {
			t.Fatalf("file %v, error %v", file, err)
		}
		var list Errors
		if err == nil {
			return
		}
		if !errors.As(err, &list) || len(list) == 0 || strings.Count(err.Error(), "\n") != len(list)-1 {
			t.Fatalf("%d problems in %q", len(list), err)
		}
		lines := strings.Count(string(data), "\n") + 1
		for i, p := range list {
			if p.Line < 1 || p.Line > lines || p.Column < 1 || i > 0 && p.Line < list[i-1].Line {
				t.Fatalf("position %+v of %d lines", p, lines)
			}
		}
	})
}
