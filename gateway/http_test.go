package gateway_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// function is an endpoint answered by a Go function.
func function(name, path string, handler edge.Handler, methods ...string) gateway.Endpoint {
	return gateway.Endpoint{Name: name, Path: path, Methods: methods, Handler: handler}
}

// serving starts a gateway with these endpoints and default options.
func serving(t *testing.T, endpoints ...gateway.Endpoint) (addr string) {
	t.Helper()
	_, addr = start(t, gateway.Options{}, gateway.Snapshot{Endpoints: endpoints})
	return addr
}

func ok(*edge.Request) (*edge.Response, error) { return edge.Text(200, "ok"), nil }

// same answers with the body of the request.
func same(r *edge.Request) (*edge.Response, error) {
	return edge.Bytes(200, "application/octet-stream", r.Body), nil
}

func connect(t *testing.T, addr string) *rawclient.Conn {
	t.Helper()
	c, err := rawclient.Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.Timeout = 10 * time.Second
	return c
}

// everyByte has every value, and no period that a buffer size divides.
func everyByte(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i + i/251)
	}
	return b
}

// post is a whole request; chunk is the size of its chunks, 0 for a
// Content-Length.
func post(path string, body []byte, chunk int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: example.com\r\n", path)
	if chunk == 0 {
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
		return b.Bytes()
	}
	b.WriteString("Transfer-Encoding: chunked\r\n\r\n")
	for part := range slices.Chunk(body, chunk) {
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(part), part)
	}
	b.WriteString("0\r\n\r\n")
	return b.Bytes()
}

// sameInC answers with the request's body, where it lies.
const sameInC = `#include "edge_gateway_sdk.h"
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  return eg_answer(host, request, response, 200, "application/octet-stream", request->body);
}
EG_HANDLER("same", "1.0");
EG_ENTRY(answer);
`

func TestBodiesAreBytesBothWays(t *testing.T) {
	library := build(t, "../sdk-c/examples/echo")
	addr := serving(t, function("same", "/same", same), endpoint("same-in-c", "/same-in-c", buildC(t, sameInC)), endpoint("echo", "/echo", library))
	c := connect(t, addr)
	for _, size := range []int{0, 1, 255, 256, 4096, 65535, 65536, 65537, 1 << 20, 8 << 20} {
		body := everyByte(size)
		sum := sha256.Sum256(body)
		for _, chunk := range []int{0, 1000, 1 << 17} {
			name := fmt.Sprintf("%d bytes in chunks of %d", size, chunk)
			for _, path := range []string{"/same", "/same-in-c"} {
				r, err := c.Do(post(path, body, chunk))
				if err != nil {
					t.Fatalf("%s to %s: %v", name, path, err)
				}
				if r.Status != 200 || !bytes.Equal(r.Body, body) {
					t.Errorf("%s to %s: status %d with %d bytes, not the same", name, path, r.Status, len(r.Body))
				}
			}
			r, err := c.Do(post("/echo", body, chunk))
			if err != nil {
				t.Fatalf("%s to C: %v", name, err)
			}
			var echo struct {
				Length int    `json:"body_length"`
				SHA256 string `json:"body_sha256"`
			}
			if err := json.Unmarshal(r.Body, &echo); err != nil {
				t.Fatalf("%s to C: %v", name, err)
			}
			if echo.Length != size || echo.SHA256 != hex.EncodeToString(sum[:]) {
				t.Errorf("%s to C: it saw %d bytes, SHA-256 %s, want %x", name, echo.Length, echo.SHA256, sum)
			}
		}
	}
}

func TestABodyOverTheLimitIs413(t *testing.T) {
	small := function("small", "/small", same)
	small.Limits.MaxBody = 1000
	addr := serving(t, small)
	for _, c := range []struct {
		size, chunk, status int
	}{
		{1000, 0, 200}, {1001, 0, 413}, {1 << 20, 0, 413}, {1 << 40, 0, 413},
		{1000, 1000, 200}, {1000, 7, 200}, {1001, 1001, 413}, {1001, 7, 413}, {1001, 1000, 413}, {1 << 20, 1 << 14, 413},
	} {
		var request []byte
		if c.size > 1<<20 { // the length is enough to refuse, with the first byte
			request = fmt.Appendf(nil, "POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\nx", c.size)
		} else {
			request = post("/small", everyByte(c.size), c.chunk)
		}
		r, err := connect(t, addr).Do(request)
		if err != nil {
			t.Errorf("%d bytes in chunks of %d: %v", c.size, c.chunk, err)
			continue
		}
		if r.Status != c.status || r.Close != (c.status == 413) {
			t.Errorf("%d bytes in chunks of %d: %d, close %t, want %d", c.size, c.chunk, r.Status, r.Close, c.status)
		}
	}
}

func TestNoBodyDiffersFromAnEmptyOne(t *testing.T) {
	addr := serving(t, function("f", "/", func(r *edge.Request) (*edge.Response, error) {
		return edge.Text(200, fmt.Sprint(r.Body == nil)), nil
	}))
	for request, want := range map[string]string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n":                                         "true",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n":                   "false",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": "false",
	} {
		if got := string(ask(t, addr, request).Body); got != want {
			t.Errorf("%q: no body %s, want %s", request, got, want)
		}
	}
}

func TestRepeatedHeadersKeepTheirOrderBothWays(t *testing.T) {
	answer := edge.Fields{
		{Name: "X-A", Value: "1"}, {Name: "Set-Cookie", Value: "s=1; Path=/"}, {Name: "x-b", Value: "2"},
		{Name: "Set-Cookie", Value: "s=2; Path=/a"}, {Name: "X-A", Value: "3"}, {Name: "Set-Cookie", Value: "t=1"},
		{Name: "Content-Type", Value: "text/x"}, {Name: "Vary", Value: "a"}, {Name: "Server", Value: "mine"},
		{Name: "X-A", Value: ""}, {Name: "Set-Cookie", Value: "s=1; Path=/"}, {Name: "Vary", Value: "b"},
	}
	saw := make(chan edge.Fields, 1)
	addr := serving(t, function("f", "/", func(r *edge.Request) (*edge.Response, error) {
		saw <- r.Headers
		return &edge.Response{Headers: answer, Body: []byte("x")}, nil
	}))
	r := ask(t, addr, "GET / HTTP/1.1\r\nX-One: 1\r\nCookie: a=1\r\nhOsT: example.com\r\nx-one: 2\r\nCookie: a=2\r\n"+
		"User-Agent: u\r\nX-One: 1\r\nX-Empty:\r\nX-Space: \t a  b \t\r\nX-High: \xff\x80\r\n\r\n")
	want := edge.Fields{
		{Name: "X-One", Value: "1"}, {Name: "Cookie", Value: "a=1"}, {Name: "hOsT", Value: "example.com"}, {Name: "x-one", Value: "2"},
		{Name: "Cookie", Value: "a=2"}, {Name: "User-Agent", Value: "u"}, {Name: "X-One", Value: "1"}, {Name: "X-Empty", Value: ""},
		{Name: "X-Space", Value: "a  b"}, {Name: "X-High", Value: "\xff\x80"},
	}
	if seen := <-saw; !slices.Equal(seen, want) {
		t.Errorf("the handler saw\n%q, want\n%q", seen, want)
	}
	for _, name := range []string{"X-A", "Set-Cookie", "X-B", "Vary", "Content-Type", "Server"} {
		if got := r.Values(name); !slices.Equal(got, answer.Values(name)) {
			t.Errorf("%s: %q, want %q", name, got, answer.Values(name))
		}
	}
}

// fasthttp puts Server and Content-Type first and Set-Cookie last; what counts
// is the order of those with one name.
func TestHeadersOfAnAnswerKeepNamesRepeatsAndTheOrderOfOneName(t *testing.T) {
	answer := edge.Fields{
		{Name: "X-A", Value: "1"}, {Name: "Set-Cookie", Value: "s=1"}, {Name: "x-b", Value: "2"}, {Name: "Content-Type", Value: "text/x"},
		{Name: "Set-Cookie", Value: "s=2"}, {Name: "X-A", Value: "3"}, {Name: "Server", Value: "mine"}, {Name: "Vary", Value: "a"},
	}
	addr := serving(t, function("f", "/", func(*edge.Request) (*edge.Response, error) { return &edge.Response{Headers: answer}, nil }))
	var got edge.Fields
	for _, h := range get(t, addr, "/").Headers {
		if h.Name != "Date" && h.Name != "Content-Length" {
			got = append(got, edge.Field{Name: h.Name, Value: h.Value})
		}
	}
	byName := func(a, b edge.Field) int { return strings.Compare(a.Name, b.Name) }
	want := slices.Clone(answer)
	slices.SortStableFunc(got, byName)
	slices.SortStableFunc(want, byName)
	if !slices.Equal(got, want) {
		t.Errorf("the client saw\n%q, want\n%q", got, want)
	}
}

func TestHeadHasTheLengthOfGetAndNoBody(t *testing.T) {
	addr := serving(t, function("f", "/", func(*edge.Request) (*edge.Response, error) {
		return edge.Text(200, "twelve bytes"), nil
	}, "GET"))
	c := connect(t, addr)
	for _, method := range []string{"HEAD", "GET", "HEAD"} { // Do fails if bytes follow the head
		r, err := c.Do([]byte(method + " / HTTP/1.1\r\nHost: a\r\n\r\n"))
		if err != nil {
			t.Fatal(method, err)
		}
		if r.Status != 200 || r.Header("Content-Length") != "12" || len(r.Body) != map[string]int{"GET": 12}[method] {
			t.Errorf("%s: %d %q with %q", method, r.Status, r.Headers, r.Body)
		}
	}
}

func TestWhatHasNoHandlerIsAnsweredByTheGateway(t *testing.T) {
	addr := serving(t, function("get", "/get", ok, "GET"), function("put", "/put", ok, "PUT", "OPTIONS"),
		gateway.Endpoint{Name: "empty", Path: "/empty"})
	for _, c := range []struct {
		request string
		status  int
		header  string
		want    string
	}{
		{"OPTIONS /get", 204, "Allow", "GET, HEAD, OPTIONS"},
		{"OPTIONS /put", 200, "Allow", ""},
		{"OPTIONS /none", 404, "Allow", ""},
		{"POST /get", 405, "Allow", "GET, HEAD, OPTIONS"},
		{"GET /put", 405, "Allow", "OPTIONS, PUT"},
		{"HEAD /put", 405, "Allow", "OPTIONS, PUT"},
		{"GET /none", 404, "Content-Type", "text/plain; charset=utf-8"},
		{"HEAD /none", 404, "Content-Type", "text/plain; charset=utf-8"},
		{"GET /empty", 503, "Retry-After", "1"},
		{"OPTIONS *", 501, "Allow", ""},
		{"CONNECT example.com:443", 501, "Allow", ""},
	} {
		r := ask(t, addr, c.request+" HTTP/1.1\r\nHost: a\r\n\r\n")
		if r.Status != c.status || r.Header(c.header) != c.want {
			t.Errorf("%s: %d, %s %q, want %d and %q", c.request, r.Status, c.header, r.Header(c.header), c.status, c.want)
		}
	}
}

func TestAnswersOfTheGatewayKeepTheConnection(t *testing.T) {
	addr := serving(t, function("get", "/get", ok, "GET"))
	c := connect(t, addr)
	for _, step := range []struct {
		request string
		status  int
	}{
		{"GET /none HTTP/1.1\r\nHost: a\r\n\r\n", 404},
		{"POST /get HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 405},
		{"OPTIONS /get HTTP/1.1\r\nHost: a\r\n\r\n", 204},
		{"GET /get HTTP/1.1\r\nHost: a\r\n\r\n", 200},
	} {
		r, err := c.Do([]byte(step.request))
		if err != nil || r.Status != step.status || r.Close {
			t.Fatalf("%q: %v, %+v", step.request, err, r)
		}
	}
}

func TestPanicIsA500ThatTellsNothing(t *testing.T) {
	addr := serving(t, function("panic", "/panic", func(*edge.Request) (*edge.Response, error) { panic("secret one") }),
		function("error", "/error", func(*edge.Request) (*edge.Response, error) { return nil, errors.New("secret two") }),
		function("nil", "/nil", func(*edge.Request) (*edge.Response, error) { return nil, nil }),
		function("ok", "/ok", ok))
	c := connect(t, addr)
	for _, path := range []string{"/panic", "/error", "/nil", "/ok"} {
		r, err := c.Do([]byte("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n"))
		if err != nil {
			t.Fatal(path, err)
		}
		want := 500
		if path == "/ok" {
			want = 200
		}
		if r.Status != want || r.Close || bytes.Contains(r.Body, []byte("secret")) || strings.Contains(fmt.Sprint(r.Headers), "secret") {
			t.Errorf("%s: %d %q %q", path, r.Status, r.Headers, r.Body)
		}
	}
}

func TestPipelinedRequestsAreAnsweredInOrder(t *testing.T) {
	library := build(t, "../sdk-c/examples/echo")
	addr := serving(t, endpoint("c", "/c/{n}", library), function("go", "/go/{n}", func(r *edge.Request) (*edge.Response, error) {
		return edge.Text(200, r.Path+" "+string(r.Body)), nil
	}))
	c := connect(t, addr)
	var all bytes.Buffer
	const n = 20
	for i := range n {
		all.Write(post(fmt.Sprintf("/%s/%d", []string{"go", "c"}[i%2], i), fmt.Append(nil, i), i%3))
	}
	if err := c.Write(all.Bytes()); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		r, err := c.ReadResponse("POST")
		if err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
		want := fmt.Sprintf("/go/%d %d", i, i)
		if i%2 == 1 {
			want = fmt.Sprintf(`"path":"/c/%d"`, i)
		}
		if r.Status != 200 || r.Close || !bytes.Contains(r.Body, []byte(want)) {
			t.Errorf("answer %d: %d %q, want %q", i, r.Status, r.Body, want)
		}
	}
}

func TestHTTP10ClosesUnlessAskedToKeep(t *testing.T) {
	addr := serving(t, function("ok", "/", ok))
	c := connect(t, addr)
	for _, keep := range []bool{true, false} {
		request := "GET / HTTP/1.0\r\n\r\n"
		if keep {
			request = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
		}
		r, err := c.Do([]byte(request))
		if err != nil || r.Status != 200 || string(r.Body) != "ok" || r.Close == keep {
			t.Fatalf("keep %t: %v, %+v", keep, err, r)
		}
	}
	if err := c.AtEnd(); err != nil {
		t.Error(err)
	}
}

func TestConnectionCloseIsObeyed(t *testing.T) {
	addr := serving(t, function("ok", "/", ok))
	c := connect(t, addr)
	r, err := c.Do([]byte("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
	if err != nil || r.Status != 200 || !r.Close {
		t.Fatalf("%v, %+v", err, r)
	}
	if err := c.AtEnd(); err != nil {
		t.Error(err)
	}
}

func TestALongHeadIsRefused(t *testing.T) {
	_, addr := start(t, gateway.Options{HeaderLimit: 4 << 10}, gateway.Snapshot{Endpoints: []gateway.Endpoint{function("ok", "/{all:*}", ok)}})
	long := strings.Repeat("a", 5<<10)
	for name, c := range map[string]struct {
		request string
		status  int
	}{
		"path":    {"GET /" + long + " HTTP/1.1\r\nHost: a\r\n\r\n", 431},
		"query":   {"GET /?" + long + " HTTP/1.1\r\nHost: a\r\n\r\n", 431},
		"header":  {"GET / HTTP/1.1\r\nHost: a\r\nX: " + long + "\r\n\r\n", 431},
		"headers": {"GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: y\r\n", 1<<10) + "\r\n", 431},
		"endless": {"GET / HTTP/1.1\r\nHost: a\r\nX: " + long, 431},
		"short":   {"GET /" + long[:3<<10] + " HTTP/1.1\r\nHost: a\r\n\r\n", 200},
	} {
		r, err := connect(t, addr).Do([]byte(c.request))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if r.Status != c.status || r.Close != (c.status != 200) {
			t.Errorf("%s: %d, close %t, want %d", name, r.Status, r.Close, c.status)
		}
	}
}

func TestASlowRequestIs408(t *testing.T) {
	_, addr := start(t, gateway.Options{ReadTimeout: 100 * time.Millisecond}, gateway.Snapshot{Endpoints: []gateway.Endpoint{function("same", "/", same)}})
	for _, part := range []string{
		"GET / HT",
		"GET / HTTP/1.1\r\nHost: a\r\nX: y",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n",
	} {
		c := connect(t, addr)
		if err := c.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
		r, err := c.ReadResponse("POST")
		if err != nil {
			t.Errorf("%q: %v", part, err)
			continue
		}
		if r.Status != 408 || !r.Close {
			t.Errorf("%q: %d, close %t", part, r.Status, r.Close)
		}
		if err := c.AtEnd(); err != nil {
			t.Errorf("%q: after the 408: %v", part, err)
		}
	}
}

func TestOverMaxConcurrencyIs503(t *testing.T) {
	entered, release := make(chan struct{}, 2), make(chan struct{})
	e := function("one", "/", func(*edge.Request) (*edge.Response, error) {
		entered <- struct{}{}
		<-release
		return edge.Text(200, "ok"), nil
	})
	e.Limits.MaxConcurrency = 1
	addr := serving(t, e)
	first, second := connect(t, addr), connect(t, addr)
	const request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	if err := first.Write([]byte(request)); err != nil {
		t.Fatal(err)
	}
	<-entered
	r, err := second.Do([]byte(request))
	close(release)
	if err != nil || r.Status != 503 || r.Header("Retry-After") != "1" || r.Close {
		t.Errorf("while one is in flight: %v, %+v", err, r)
	}
	if r, err := first.ReadResponse("GET"); err != nil || r.Status != 200 {
		t.Errorf("the one in flight: %v, %+v", err, r)
	}
	if r, err := second.Do([]byte(request)); err != nil || r.Status != 200 {
		t.Errorf("afterwards: %v, %+v", err, r)
	}
}

// expecting writes only the head of a request, which waits for leave to send
// its body.
func expecting(t *testing.T, addr, line, framing string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n%s\r\n\r\n", line, framing); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestContinueIsSaidBeforeTheBody(t *testing.T) {
	addr := serving(t, function("same", "/", same))
	for framing, body := range map[string]string{
		"Content-Length: 5":          "hello",
		"Transfer-Encoding: chunked": "5\r\nhello\r\n0\r\n\r\n",
	} {
		conn := expecting(t, addr, "POST /", framing)
		interim := make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))
		if _, err := io.ReadFull(conn, interim); err != nil || string(interim) != "HTTP/1.1 100 Continue\r\n\r\n" {
			t.Fatalf("%s: %v, %q", framing, err, interim)
		}
		c := rawclient.NewConn(conn)
		if err := c.Write([]byte(body)); err != nil {
			t.Fatal(err)
		}
		if r, err := c.ReadResponse("POST"); err != nil || r.Status != 200 || string(r.Body) != "hello" {
			t.Fatalf("%s: %v, %+v", framing, err, r)
		}
		if r, err := c.Do(post("/", []byte("next"), 0)); err != nil || string(r.Body) != "next" {
			t.Fatalf("%s, the next request: %v, %+v", framing, err, r)
		}
	}
}

func TestARefusalComesInPlaceOfContinue(t *testing.T) {
	small := function("small", "/small", same, "POST")
	small.Limits.MaxBody = 10
	addr := serving(t, small)
	for _, c := range []struct {
		line, framing string
		status        int
		header, want  string
	}{
		{"POST /small", "Content-Length: 11", 413, "Content-Type", "text/plain; charset=utf-8"},
		{"POST /none", "Content-Length: 11", 404, "Content-Type", "text/plain; charset=utf-8"},
		{"PUT /small", "Content-Length: 1", 405, "Allow", "OPTIONS, POST"},
		{"POST /small", "Content-Length: 1\r\nX Y: 1", 400, "Content-Type", "text/plain; charset=utf-8"},
	} {
		conn := rawclient.NewConn(expecting(t, addr, c.line, c.framing))
		r, err := conn.ReadResponse("POST")
		if err != nil {
			t.Errorf("%s: %v", c.line, err)
			continue
		}
		if r.Status != c.status || len(r.Interim) > 0 || r.Header(c.header) != c.want || len(r.Body) == 0 {
			t.Errorf("%s, %s: %v then %d %q with %q, want %d with %s %q", c.line, c.framing, r.Interim, r.Status, r.Headers, r.Body,
				c.status, c.header, c.want)
		}
		if !r.Close {
			t.Errorf("%s, %s: the connection is kept, though its next bytes may be a body", c.line, c.framing)
		}
	}
}
