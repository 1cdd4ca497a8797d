package gateway_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// The sample, as its users see it.
func TestTheFileAPIKeepsFiles(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("Go handler libraries are for linux")
	}
	library := build(t, "../sdk-go/examples/files")
	bound := map[string]string{"files": "files"}
	_, addr := start(t, gateway.Options{}, gateway.Snapshot{
		Services: []gateway.Service{{Name: "files", Kind: "storage"}},
		Endpoints: []gateway.Endpoint{
			{Name: "files", Path: "/files/{key:*}", Methods: []string{"GET", "PUT", "DELETE"}, Library: library, Services: bound},
			{Name: "list", Path: "/files", Methods: []string{"GET"}, Library: library, Services: bound},
		},
	})
	ask := func(method, path, body string, headers ...string) (*http.Response, string) {
		t.Helper()
		r, err := http.NewRequest(method, "http://"+addr+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		content, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer, string(content)
	}

	created, _ := ask("PUT", "/files/a/b%20c.css", "0123456789", "content-type", "text/css")
	etag := created.Header.Get("etag")
	if created.StatusCode != 201 || etag == "" || created.Header.Get("location") != "/files/a/b%20c.css" {
		t.Fatalf("created: %d %v", created.StatusCode, created.Header)
	}
	replaced, _ := ask("PUT", "/files/a/b%20c.css", "0123456789", "content-type", "text/css")
	if replaced.StatusCode != 200 {
		t.Errorf("replaced: %d", replaced.StatusCode)
	}
	etag = replaced.Header.Get("etag")

	for name, test := range map[string]struct {
		method, path string
		headers      []string
		status       int
		body         string
		want         map[string]string // headers
	}{
		"whole":            {"GET", "/files/a/b%20c.css", nil, 200, "0123456789", map[string]string{"content-type": "text/css", "etag": etag, "accept-ranges": "bytes", "content-length": "10"}},
		"head":             {"HEAD", "/files/a/b%20c.css", nil, 200, "", map[string]string{"content-type": "text/css", "etag": etag, "content-length": "10"}},
		"unchanged":        {"GET", "/files/a/b%20c.css", []string{"if-none-match", `"x", W/` + etag}, 304, "", map[string]string{"etag": etag}},
		"any":              {"GET", "/files/a/b%20c.css", []string{"if-none-match", "*"}, 304, "", nil},
		"changed":          {"GET", "/files/a/b%20c.css", []string{"if-none-match", `"x"`}, 200, "0123456789", nil},
		"first bytes":      {"GET", "/files/a/b%20c.css", []string{"range", "bytes=0-2"}, 206, "012", map[string]string{"content-range": "bytes 0-2/10", "content-type": "text/css", "etag": etag}},
		"from":             {"GET", "/files/a/b%20c.css", []string{"range", "bytes=7-"}, 206, "789", map[string]string{"content-range": "bytes 7-9/10"}},
		"over its end":     {"GET", "/files/a/b%20c.css", []string{"range", "bytes=8-100"}, 206, "89", map[string]string{"content-range": "bytes 8-9/10"}},
		"last bytes":       {"GET", "/files/a/b%20c.css", []string{"range", "bytes=-3"}, 206, "789", map[string]string{"content-range": "bytes 7-9/10"}},
		"more than all":    {"GET", "/files/a/b%20c.css", []string{"range", "bytes=-99999999999999999999"}, 206, "0123456789", map[string]string{"content-range": "bytes 0-9/10"}},
		"behind its end":   {"GET", "/files/a/b%20c.css", []string{"range", "bytes=10-"}, 416, "", map[string]string{"content-range": "bytes */10"}},
		"no last bytes":    {"GET", "/files/a/b%20c.css", []string{"range", "bytes=-0"}, 416, "", map[string]string{"content-range": "bytes */10"}},
		"several ranges":   {"GET", "/files/a/b%20c.css", []string{"range", "bytes=0-1,3-4"}, 200, "0123456789", nil},
		"backwards":        {"GET", "/files/a/b%20c.css", []string{"range", "bytes=4-3"}, 200, "0123456789", nil},
		"other unit":       {"GET", "/files/a/b%20c.css", []string{"range", "lines=1-2"}, 200, "0123456789", nil},
		"range, if this":   {"GET", "/files/a/b%20c.css", []string{"range", "bytes=0-2", "if-range", etag}, 206, "012", nil},
		"range, if that":   {"GET", "/files/a/b%20c.css", []string{"range", "bytes=0-2", "if-range", `"x"`}, 200, "0123456789", nil},
		"range of a head":  {"HEAD", "/files/a/b%20c.css", []string{"range", "bytes=0-2"}, 200, "", map[string]string{"content-length": "10"}},
		"none":             {"GET", "/files/none", nil, 404, "there is no such file\n", nil},
		"no key":           {"GET", "/files/", nil, 400, "a key is 1 to 1024 bytes of UTF-8 without NUL\n", nil},
		"long key":         {"PUT", "/files/" + strings.Repeat("x", 1025), nil, 400, "a key is 1 to 1024 bytes of UTF-8 without NUL\n", nil},
		"delete of none":   {"DELETE", "/files/none", nil, 204, "", nil},
		"limit":            {"GET", "/files?limit=0", nil, 400, "limit is a number from 1 to 1000\n", nil},
		"limit of letters": {"GET", "/files?limit=x", nil, 400, "limit is a number from 1 to 1000\n", nil},
		"query":            {"GET", "/files?prefix=%zz", nil, 400, "the query cannot be read\n", nil},
	} {
		answer, body := ask(test.method, test.path, "", test.headers...)
		if answer.StatusCode != test.status || body != test.body {
			t.Errorf("%s: %d %q, want %d %q", name, answer.StatusCode, body, test.status, test.body)
		}
		for header, want := range test.want {
			if got := answer.Header.Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", name, header, got, want)
			}
		}
	}

	any := string(bytes.Repeat([]byte{0, 255, '\r', '\n'}, 1<<20)) // 4 MiB
	if answer, _ := ask("PUT", "/files/any", any); answer.StatusCode != 201 {
		t.Errorf("any bytes: %d", answer.StatusCode)
	}
	if answer, body := ask("GET", "/files/any", ""); body != any || answer.Header.Get("content-type") != "application/octet-stream" {
		t.Errorf("other bytes came back, as %q", answer.Header.Get("content-type"))
	}
	if answer, _ := ask("PUT", "/files/empty", ""); answer.StatusCode != 201 {
		t.Errorf("nothing: %d", answer.StatusCode)
	}
	if answer, body := ask("GET", "/files/empty", "", "range", "bytes=-5"); answer.StatusCode != 416 || body != "" {
		t.Errorf("a part of nothing: %d %q", answer.StatusCode, body)
	}

	type page struct {
		Files []struct {
			Key, ETag string
			Size      int64
			Modified  time.Time
		}
		Next string
	}
	list := func(query string) (p page) {
		t.Helper()
		answer, body := ask("GET", "/files"+query, "")
		if err := json.Unmarshal([]byte(body), &p); err != nil || answer.StatusCode != 200 || answer.Header.Get("content-type") != "application/json" {
			t.Fatalf("list: %d %v %s", answer.StatusCode, err, body)
		}
		return p
	}
	first := list("?limit=2")
	if len(first.Files) != 2 || first.Files[0].Key != "a/b c.css" || first.Files[0].Size != 10 || first.Files[0].ETag != etag || first.Files[0].Modified.IsZero() || first.Next == "" {
		t.Errorf("the first page: %+v", first)
	}
	if second := list("?limit=2&after=" + first.Next); len(second.Files) != 1 || second.Files[0].Key != "empty" || second.Next != "" {
		t.Errorf("the second page: %+v", second)
	}
	if some := list("?prefix=a/"); len(some.Files) != 1 {
		t.Errorf("with a prefix: %+v", some)
	}
	if none := list("?prefix=none"); none.Files == nil || len(none.Files) != 0 {
		t.Errorf("of nothing: %+v", none)
	}

	if answer, _ := ask("DELETE", "/files/any", ""); answer.StatusCode != 204 {
		t.Errorf("delete: %d", answer.StatusCode)
	}
	if answer, _ := ask("GET", "/files/any", ""); answer.StatusCode != 404 {
		t.Errorf("what was deleted: %d", answer.StatusCode)
	}
}
