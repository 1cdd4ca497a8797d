package fetch

import (
	"bytes"
	"compress/gzip"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// echo answers with what it was sent.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("X-Method", r.Method)
	w.Header().Set("X-Uri", r.RequestURI)
	w.Header().Set("X-Host", r.Host)
	w.Header().Set("X-Length", fmt.Sprint(r.ContentLength))
	for name, values := range r.Header {
		for _, v := range values {
			w.Header().Add("Got-"+name, v)
		}
	}
	w.Header().Add("Set-Cookie", "z=1")
	w.Header().Add("Set-Cookie", "a=2")
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write(body)
}

func TestRequestsAndAnswers(t *testing.T) {
	host := serve(t, echo)
	s := open(t, service.Spec{}, "allow", []string{host})
	for _, test := range []struct {
		request             Request
		method, uri, length string
	}{
		{Request{URL: "/"}, "GET", "/", "0"},
		{Request{URL: ""}, "GET", "/", "0"},
		{Request{URL: "/a%20b/%2F?q=%00&q=1#part"}, "GET", "/a%20b/%2F?q=%00&q=1", "0"},
		{Request{URL: "/", Body: []byte{}}, "POST", "/", "0"},
		{Request{URL: "/", Body: []byte("\x00\xff\r\n")}, "POST", "/", "4"},
		{Request{URL: "/", Method: "PUT", Body: bytes.Repeat([]byte("x"), 1<<20)}, "PUT", "/", "1048576"},
		{Request{URL: "/", Method: "DELETE"}, "DELETE", "/", "0"},
		{Request{URL: "/", Method: "PATCH", Body: []byte("p")}, "PATCH", "/", "1"},
		{Request{URL: "/", Method: "PROPFIND"}, "PROPFIND", "/", "0"},
		{Request{URL: "/", Method: "OPTIONS"}, "OPTIONS", "/", "0"},
	} {
		test.request.URL = "http://" + host + test.request.URL
		a := do(t, s, test.request).want(t, test.request.URL, abi.OK)
		if a.Status != 202 || a.header("X-Method") != test.method || a.header("X-Uri") != test.uri || a.header("X-Length") != test.length {
			t.Errorf("%s %s: %d, the server saw %s %s with %s bytes", test.method, test.uri, a.Status, a.header("X-Method"), a.header("X-Uri"), a.header("X-Length"))
		}
		if !bytes.Equal(a.Body, test.request.Body) || a.Body == nil {
			t.Errorf("%s: the body came back as %d bytes", test.method, len(a.Body))
		}
		if got := a.header("Set-Cookie"); got != "z=1 | a=2" {
			t.Errorf("repeats came as %q", got)
		}
	}
	a := do(t, s, Request{URL: "http://" + host + "/", Method: "HEAD"}).want(t, "HEAD", abi.OK)
	if a.Status != 202 || len(a.Body) != 0 || a.header("X-Method") != "HEAD" {
		t.Errorf("HEAD: %d %q", a.Status, a.Body)
	}
	if err := s.Probe(t.Context()); err != nil {
		t.Error(err)
	}
	if stats := s.Stats(); stats.Done != 11 || stats.Connections != 1 || stats.Busy != 0 {
		t.Errorf("the stats are %+v", stats)
	}
}

func TestStatusesAreGivenAsTheyAre(t *testing.T) {
	host := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(map[string]int{"/204": 204, "/304": 304, "/404": 404, "/500": 500, "/599": 599, "/302": 302}[r.URL.Path])
	})
	s := open(t, service.Spec{}, "allow", []string{host})
	for _, status := range []int{204, 304, 404, 500, 599, 302} { // the 302 has no location
		if a := do(t, s, Request{URL: fmt.Sprintf("http://%s/%d", host, status)}).want(t, "fetch", abi.OK); a.Status != status {
			t.Errorf("%d came as %d", status, a.Status)
		}
	}
}

func TestHeaders(t *testing.T) {
	host := serve(t, echo)
	s := open(t, service.Spec{}, "allow", []string{host})
	a := do(t, s, Request{URL: "http://" + host, Headers: []Header{
		{"X-One", "1"}, {"x-two", "b"}, {"X-Two", "a"}, {"X-Tab", "a\tb"}, {"X-Empty", ""}, {"User-Agent", "mine"}, {"Accept-Encoding", "br"},
		{"Host", "other.example.com"}, {"Connection", "X-Gone, close"}, {"X-Gone", "1"}, {"Keep-Alive", "1"}, {"TE", "trailers"}, {"Trailer", "X"},
		{"Transfer-Encoding", "chunked"}, {"Upgrade", "h2c"}, {"Content-Length", "7"}, {"Expect", "100-continue"}, {"Proxy-Authorization", "x"},
	}}).want(t, "headers", abi.OK)
	for name, want := range map[string]string{
		"X-Host": host, "X-Length": "0", "Got-X-One": "1", "Got-X-Two": "b | a", "Got-X-Tab": "a\tb", "Got-User-Agent": "mine", "Got-Accept-Encoding": "br",
		"Got-X-Gone": "", "Got-Keep-Alive": "", "Got-Te": "", "Got-Trailer": "", "Got-Upgrade": "", "Got-Expect": "", "Got-Proxy-Authorization": "", "Got-Connection": "",
	} {
		if got := a.header(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	a = do(t, s, Request{URL: "http://" + host}).want(t, "no headers", abi.OK)
	if ua, ae := a.header("Got-User-Agent"), a.header("Got-Accept-Encoding"); ua != "edge-gateway" || ae != "" {
		t.Errorf("without headers the server saw the user agent %q and the encodings %q", ua, ae)
	}
}

func TestRefused(t *testing.T) {
	hit := false
	host := serve(t, func(http.ResponseWriter, *http.Request) { hit = true })
	s := open(t, service.Spec{}, "allow", []string{host})
	url := "http://" + host
	many := make([]Header, maxHeaders+1)
	for n := range many {
		many[n] = Header{"X", "y"}
	}
	for name, test := range map[string]struct {
		request Request
		status  abi.Status
	}{
		"CR LF in a value":      {Request{URL: url, Headers: []Header{{"X", "a\r\nY: b"}}}, abi.ErrInvalid},
		"LF in a value":         {Request{URL: url, Headers: []Header{{"X", "a\nb"}}}, abi.ErrInvalid},
		"NUL in a value":        {Request{URL: url, Headers: []Header{{"X", "a\x00b"}}}, abi.ErrInvalid},
		"a control in a value":  {Request{URL: url, Headers: []Header{{"X", "a\x01b"}}}, abi.ErrInvalid},
		"LF in a name":          {Request{URL: url, Headers: []Header{{"X\n", "a"}}}, abi.ErrInvalid},
		"a space in a name":     {Request{URL: url, Headers: []Header{{"X Y", "a"}}}, abi.ErrInvalid},
		"a colon in a name":     {Request{URL: url, Headers: []Header{{"X:", "a"}}}, abi.ErrInvalid},
		"no name":               {Request{URL: url, Headers: []Header{{"", "a"}}}, abi.ErrInvalid},
		"many headers":          {Request{URL: url, Headers: many}, abi.ErrTooLarge},
		"great headers":         {Request{URL: url, Headers: []Header{{"X", strings.Repeat("y", maxHeader)}}}, abi.ErrTooLarge},
		"a method with a CR":    {Request{URL: url, Method: "GET /\r\n"}, abi.ErrInvalid},
		"a space in a method":   {Request{URL: url, Method: "GET /"}, abi.ErrInvalid},
		"CONNECT":               {Request{URL: url, Method: "CONNECT"}, abi.ErrInvalid},
		"TRACE":                 {Request{URL: url, Method: "TRACE"}, abi.ErrInvalid},
		"a CR in the URL":       {Request{URL: url + "/\r\nX: y"}, abi.ErrInvalid},
		"a space in the path":   {Request{URL: url + "/a b"}, abi.ErrInvalid},
		"a space in the query":  {Request{URL: url + "/?a b HTTP/1.1"}, abi.ErrInvalid},
		"no host":               {Request{URL: "http:///x"}, abi.ErrInvalid},
		"no URL":                {Request{URL: ""}, abi.ErrInvalid},
		"no scheme":             {Request{URL: host}, abi.ErrInvalid},
		"another scheme":        {Request{URL: "file:///etc/passwd"}, abi.ErrInvalid},
		"gopher":                {Request{URL: "gopher://" + host}, abi.ErrInvalid},
		"a user":                {Request{URL: "http://u:p@" + host}, abi.ErrInvalid},
		"an opaque URL":         {Request{URL: "http:" + host}, abi.ErrInvalid},
		"a letter beyond ASCII": {Request{URL: "http://ex\u00e4mple.com/"}, abi.ErrInvalid},
		"a zone":                {Request{URL: "http://[fe80::1%25eth0]/"}, abi.ErrInvalid},
		"a long URL":            {Request{URL: url + "/" + strings.Repeat("x", maxURL)}, abi.ErrTooLarge},
		"a negative timeout":    {Request{URL: url, Timeout: -1}, abi.ErrInvalid},
		"a negative limit":      {Request{URL: url, MaxBody: -1}, abi.ErrInvalid},
		"a great body":          {Request{URL: url, Body: make([]byte, maxSent+1)}, abi.ErrTooLarge},
	} {
		a := do(t, s, test.request).want(t, name, test.status)
		if a.err.Error() == "" {
			t.Errorf("%s: no sentence", name)
		}
	}
	if hit {
		t.Error("something was sent")
	}
}

func TestTraceContext(t *testing.T) {
	host := serve(t, echo)
	s := open(t, service.Spec{}, "allow", []string{host})
	incoming := map[string]string{"traceparent": "00-1-1-01", "tracestate": "a=1", "x-request-id": "theirs", "authorization": "secret"}
	call := func(headers map[string]string) service.Call {
		return service.Call{RequestID: "ours", Header: func(name string) string { return headers[name] }}
	}
	for name, test := range map[string]struct {
		call              service.Call
		own               []Header
		parent, state, id string
	}{
		"passed on":        {call(incoming), nil, "00-1-1-01", "a=1", "theirs"},
		"none":             {call(nil), nil, "", "", "ours"},
		"background":       {service.Call{}, nil, "", "", ""},
		"set by handler":   {call(incoming), []Header{{"TraceParent", "own"}, {"TraceState", "own"}, {"X-Request-ID", "own"}}, "own", "own", "own"},
		"another parent":   {call(incoming), []Header{{"traceparent", "own"}}, "own", "", "theirs"},
		"no way to inject": {call(map[string]string{"traceparent": "a\r\nx: y", "x-request-id": "a\nb"}), nil, "", "", "ours"},
	} {
		a := (<-send(s, test.call, Request{URL: "http://" + host, Headers: test.own})).want(t, name, abi.OK)
		if p, st, id := a.header("Got-Traceparent"), a.header("Got-Tracestate"), a.header("Got-X-Request-Id"); p != test.parent || st != test.state || id != test.id {
			t.Errorf("%s: %q %q %q, want %q %q %q", name, p, st, id, test.parent, test.state, test.id)
		}
		if a.header("Got-Authorization") != "" {
			t.Errorf("%s: more was passed on", name)
		}
	}
}

func TestBodiesAreNotDecoded(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte("hello"))
	_ = w.Close()
	host := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed.Bytes())
	})
	s := open(t, service.Spec{}, "allow", []string{host})
	if a := do(t, s, Request{URL: "http://" + host}).want(t, "fetch", abi.OK); !bytes.Equal(a.Body, packed.Bytes()) || a.header("Content-Encoding") != "gzip" {
		t.Error("the body was decoded")
	}
}

func TestTLSIsVerified(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(echo))
	defer server.Close()
	server.Config.ErrorLog = nil
	host := strings.TrimPrefix(server.URL, "https://")
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, service.Spec{}, "allow", []string{host})
	a := do(t, s, Request{URL: server.URL}).want(t, "a certificate that is not trusted", abi.ErrUnavailable)
	if !strings.Contains(a.err.Error(), "certificate") {
		t.Errorf("the sentence is %q", a.err)
	}
	do(t, open(t, service.Spec{}, "allow", []string{host}, "ca", ca), Request{URL: server.URL}).want(t, "one that is", abi.OK)
	_, port, _ := strings.Cut(host, ":")
	other := open(t, service.Spec{}, "allow", []string{"localhost:" + port}, "allow_private", true, "ca", ca)
	do(t, other, Request{URL: "https://localhost:" + port}).want(t, "one for another name", abi.ErrUnavailable)
}

func TestTheEnvironmentsProxiesAreNotUsed(t *testing.T) {
	proxied := false
	proxy := serve(t, func(http.ResponseWriter, *http.Request) { proxied = true })
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "ALL_PROXY"} {
		t.Setenv(name, "http://"+proxy)
	}
	host := serve(t, echo)
	s := open(t, service.Spec{}, "allow", []string{"localhost" + host[strings.Index(host, ":"):]}, "allow_private", true)
	do(t, s, Request{URL: "http://localhost" + host[strings.Index(host, ":"):]}).want(t, "fetch", abi.OK)
	if proxied {
		t.Error("the request went to the proxy")
	}
}

func TestAPanicAnswersItsCaller(t *testing.T) {
	s := open(t, service.Spec{}, "allow", []string{"example.com"})
	lane, err := s.lanes.enter("x", &s.running)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.run(t.Context(), lane, &exchange{}) // without a URL
	answer{err: err}.want(t, "a panic", abi.ErrInternal)
	s.lanes.leave(lane)
	s.running.Done()
	if got := s.Stats(); got.Panics != 1 || got.Busy != 0 || got.Waiting != 0 {
		t.Errorf("the stats are %+v", got)
	}
}
