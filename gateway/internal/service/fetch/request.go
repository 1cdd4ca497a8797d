package fetch

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/wire"
)

// Limits of a request.
const (
	maxURL     = 16 << 10
	maxHeaders = 256
	maxHeader  = 64 << 10 // bytes of all names and values
	maxSent    = 64 << 20 // bytes of a body
)

// Header is a header field.
type Header struct{ Name, Value string }

// Request is a request to another server.
type Request struct {
	Method      string // "": GET, or POST with a body
	URL         string
	Headers     []Header
	Body        []byte        // nil: none
	Timeout     time.Duration // 0: the service's, which is the most
	MaxBody     int64         // bytes of the answer's; 0: the service's, which is the most
	NoRedirects bool
}

// Result is the answer.
type Result struct {
	Status  int
	Headers []Header // by name; those of one name in wire order
	Body    []byte
	URL     string        // that answered
	Elapsed time.Duration // from the start of the operation to the end of the body
}

// exchange is a request on its way, from server to server.
type exchange struct {
	method      string
	url         *url.URL
	header      http.Header
	body        []byte
	maxBody     int64
	noRedirects bool
}

// prepare checks a request and takes the headers of the request that it is for.
func (s *Service) prepare(call service.Call, r Request) (*exchange, error) {
	e := &exchange{method: r.Method, body: r.Body, maxBody: s.maxBody, noRedirects: r.NoRedirects}
	if e.method == "" {
		e.method = http.MethodGet
		if r.Body != nil {
			e.method = http.MethodPost
		}
	}
	if !wire.ValidName([]byte(e.method)) || len(e.method) > 32 || e.method == http.MethodConnect || e.method == http.MethodTrace {
		return nil, service.Errorf(abi.ErrInvalid, "the method %.40q cannot be sent", e.method)
	}
	if r.Timeout < 0 || r.MaxBody < 0 {
		return nil, service.Errorf(abi.ErrInvalid, "a limit is negative")
	}
	if r.MaxBody > 0 && r.MaxBody < s.maxBody {
		e.maxBody = r.MaxBody
	}
	if len(r.Body) > maxSent {
		return nil, service.Errorf(abi.ErrTooLarge, "a body of %d bytes; at most %d can be sent", len(r.Body), maxSent)
	}
	var err error
	if e.url, err = parseURL(r.URL); err != nil {
		return nil, err
	}
	if err := s.client.allow.check(e.url); err != nil {
		return nil, err
	}
	if e.header, err = headerOf(r.Headers); err != nil {
		return nil, err
	}
	passOn(call, e.header)
	return e, nil
}

// parseURL reads a URL of a handler, which has to be escaped already: what is
// sent is what was checked.
func parseURL(text string) (*url.URL, error) {
	if len(text) > maxURL {
		return nil, service.Errorf(abi.ErrTooLarge, "a URL of %d bytes; at most %d can be sent", len(text), maxURL)
	}
	for n := range len(text) {
		if text[n] <= ' ' || text[n] >= 0x7f {
			return nil, service.Errorf(abi.ErrInvalid, "the URL has a byte %#02x, which has to be percent-encoded (and a host in xn-- form)", text[n])
		}
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || strings.Contains(u.Host, "%") {
		return nil, service.Errorf(abi.ErrInvalid, "the URL is malformed")
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, service.Errorf(abi.ErrInvalid, "the URL is of the scheme %.40q, not http or https", u.Scheme)
	}
	if u.User != nil {
		return nil, service.Errorf(abi.ErrInvalid, "the URL has a user in it; send an authorization header instead")
	}
	normalize(u)
	return u, nil
}

// normalize gives every form of a host the one that is compared and sent.
func normalize(u *url.URL) {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" {
		host += ":" + port
	}
	u.Host, u.User, u.Fragment, u.RawFragment = host, nil, "", ""
}

// repeatable tells whether sending the request twice does what sending it once
// does.
func (e *exchange) repeatable() bool {
	switch e.method {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return true
	}
	return false
}

// request is what net/http sends for one attempt. It would by itself send again,
// on a connection that was lost, what it takes for repeatable, which includes a
// POST with an Idempotency-Key. That is not for us to decide: a body that it
// cannot get again, and that header's name in lower case, keep it from it.
func (e *exchange) request(ctx context.Context) *http.Request {
	r := (&http.Request{
		Method: e.method, URL: e.url, Header: e.header.Clone(), Host: e.url.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: http.NoBody, ContentLength: int64(len(e.body)),
	}).WithContext(ctx)
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(e.body)), nil }
	if len(e.body) > 0 {
		r.Body, _ = open()
	}
	if e.repeatable() {
		r.GetBody = open
		return r
	}
	for _, name := range [...]string{"Idempotency-Key", "X-Idempotency-Key"} {
		if values, set := r.Header[name]; set {
			delete(r.Header, name)
			r.Header[strings.ToLower(name)] = values
		}
	}
	return r
}
