package admin

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// generate makes a request, and tells in words which.
func (w *whole) generate(g *generator, op operation, bad bool) (*http.Request, string) {
	spoil := -1 // which part is to be bad
	if bad {
		spoil = g.IntN(len(op.Parameters) + 3)
	}
	path, query, header := op.path, url.Values{}, http.Header{}
	for i, p := range op.Parameters {
		rare := slices.Contains([]string{"If-Match", "sha256", "filename", "after"}, p.Name) // seldom good by chance
		if !p.Required && i != spoil && (rare && g.chance(80) || !g.chance(30)) {
			continue
		}
		value := plain(g.good(p.Schema))
		if known := w.known(p.Name); known != "" && g.chance(80) {
			value = known
		}
		if i == spoil {
			value = plain(g.wrong(p.Schema))
		}
		switch p.In {
		case "path":
			path = strings.Replace(path, "{"+p.Name+"}", url.PathEscape(value), 1)
		case "query":
			query.Set(p.Name, value)
		case "header":
			header.Set(p.Name, strings.Map(visibleASCII, value))
		}
	}
	var body []byte
	if op.RequestBody != nil {
		body = w.generateBody(g, op, header, query, spoil >= len(op.Parameters))
	} else if spoil >= len(op.Parameters) {
		query.Set(pick(g, "unknown", "limit", "after", "é", ""), pick(g, "", "x", "-1", "\x00"))
	}
	raw := query.Encode()
	if spoil >= 0 && g.chance(10) {
		raw += pick(g, "&%zz", "&&=", ";x=1", "&limit=1&limit=2", "&plan")
	}
	r, err := http.NewRequest(op.method, w.url, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.URL.Opaque, r.URL.RawQuery, r.Header = "//"+r.Host+path, raw, header
	r.Header.Set("Authorization", "Bearer "+w.token)
	r.Header.Set("Accept", pick(g, "application/json", "*/*", "text/html", eventStream, ";;", "application/problem+json"))
	return r, fmt.Sprintf("%s %s?%s %v %.300q", op.method, path, raw, header, body)
}

// known is a value for a parameter that means something that is there.
func (w *whole) known(parameter string) string {
	switch parameter {
	case "endpoint":
		return "orders"
	case "service":
		return "orders-db"
	case "key":
		return "fuzz"
	case "digest":
		return w.digests[1]
	case "build":
		var l model.List[model.Build]
		if got := w.do("GET", v1+"/builds?limit=1", ""); json.Unmarshal(got.body, &l) == nil && len(l.Items) > 0 {
			return l.Items[0].ID
		}
	}
	return ""
}

func (w *whole) generateBody(g *generator, op operation, header http.Header, query url.Values, bad bool) []byte {
	types := []string{}
	for name := range op.RequestBody.Content {
		types = append(types, name)
	}
	slices.Sort(types)
	kind := pick(g, types...)
	media := op.RequestBody.Content[kind]
	header.Set("Content-Type", kind)
	if bad && g.chance(20) {
		header.Set("Content-Type", pick(g, "text/plain", "application/xml", ";", "application/json; charset=latin1", "multipart/form-data"))
	}
	if kind != "application/json" {
		if query.Get("filename") != "" {
			header.Set("Content-Type", binary)
		}
		if op.OperationID == "upload-version" && w.library != nil && !bad {
			return w.library
		}
		return archive(g, kind, bad)
	}
	value := any(media.Example)
	if g.chance(60) || bad {
		value = g.good(media.Schema)
	}
	if bad {
		value = g.bad(media.Schema)
	} else if object, ok := value.(map[string]any); ok && op.OperationID == "deploy" && w.digests[0] != "" {
		object = maps.Clone(object)
		object["version"] = pick(g, w.digests[:]...)
		value = object
	} else if ok && object["name"] != nil {
		object = maps.Clone(object) // it may be the example of the document
		value = object
		if op.method == http.MethodPut {
			object["name"] = w.known(strings.Trim(op.path[strings.LastIndex(op.path, "{"):], "{}"))
		} else if g.chance(80) {
			w.names++
			object["name"] = "fuzz-" + strconv.Itoa(w.names)
			if object["path"] != nil {
				object["path"] = "/fuzz/" + strconv.Itoa(w.names)
			}
		}
	}
	text, err := json.Marshal(value)
	if err != nil {
		w.t.Fatal(err)
	}
	if bad && g.chance(25) {
		text = pick(g, nil, []byte("{"), text[:len(text)/2], []byte("nul"), []byte("\xff\xfe"), append(text, '}'),
			bytes.Repeat([]byte("["), 20_000), []byte(`{"name":"a","name":"b"}`), []byte(`"`+strings.Repeat("x", maxJSON)+`"`))
	}
	return text
}

// archive makes the body of an upload.
func archive(g *generator, kind string, bad bool) []byte {
	var b bytes.Buffer
	if bad && g.chance(50) || kind == binary {
		return []byte(pick(g, "", "text", "PK\x03\x04", "\x7fELF\x02\x01\x01", strings.Repeat("\x00", 2048)))
	}
	name := pick(g, "main.c", "edge-gateway.toml", "edge-gateway.toml", "edge-gateway.toml", "../x", "/etc/x", "a/b/c.rs", "main.go")
	content := pick(g, "int x;", "", "package main")
	if name == "edge-gateway.toml" {
		content = pick(g, "[[service]]\nname = \"bundled\"\nkind = \"cache\"\n", "[[endpoint]]\nname = \"b\"\npath = \"/b\"\n")
	}
	switch kind {
	case "application/zip":
		z := zip.NewWriter(&b)
		file, _ := z.Create(name)
		io.WriteString(file, content)
		z.Close()
	default:
		var out io.WriteCloser = discardClose{&b}
		if kind == gzipped {
			out = gzip.NewWriter(&b)
		}
		t := tar.NewWriter(out)
		t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content))})
		io.WriteString(t, content)
		t.Close()
		out.Close()
	}
	if bad {
		b.Truncate(b.Len() / 2)
	}
	return b.Bytes()
}

type discardClose struct{ io.Writer }

func (discardClose) Close() error { return nil }

// plain writes a value as it stands in a path, a query or a header.
func plain(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	text, _ := json.Marshal(v)
	return string(text)
}

func visibleASCII(r rune) rune {
	if r < ' ' || r > '~' {
		return -1
	}
	return r
}
