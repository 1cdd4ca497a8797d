package dispatch

import (
	"errors"
	"net/http"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/registry"
	"github.com/edge-gateway/edge-gateway/gateway/internal/routing"
	"github.com/edge-gateway/edge-gateway/gateway/internal/wire"
)

// request is a request on its way into a frame. Each connection has one, which
// it uses again for every request.
type request struct {
	d       *Dispatcher
	ctx     *fasthttp.RequestCtx
	frame   *abi.Frame
	scanner wire.Scanner
	target  wire.Target
	host    []byte // as routed; in the frame or in fasthttp's memory
	path    []byte // normalised; in fasthttp's memory or the connection's pathSpace
	id      []byte // in the connection's idSpace

	endpoint *registry.Endpoint // nil until the route is found
}

var schemeHTTP, schemeHTTPS = []byte("http"), []byte("https")

// open checks the request line and the headers and copies them into a frame:
// one pass over the bytes as they came, since fasthttp's own view reorders and
// merges, and lets through what two servers can read in two ways. When it
// returns false the request is answered and there is no frame.
func (r *request) open(c *conn) bool {
	header := &r.ctx.Request.Header
	http11, err := wire.CheckVersion(header.Protocol())
	if err != nil {
		return r.refuse(err)
	}
	if r.target, err = wire.ParseTarget(header.Method(), header.RequestURI()); err != nil {
		return r.refuse(err)
	}
	if r.path, _, err = wire.NormalizePath(c.pathSpace[:0], r.target.Path); err != nil {
		return r.refuse(err)
	}
	if r.frame, err = r.d.opts.Memory.Acquire(); err != nil {
		refuse(r.ctx, http.StatusServiceUnavailable, "")
		r.refused("no memory for it")
		r.d.opts.Log.Error("no memory for a request", "error", err)
		return false
	}
	r.frame.MaxAnswer = uint64(r.d.opts.MaxAnswer)
	if err := r.headers(header.RawHeaders(), http11); err != nil {
		r.frame.Release()
		return r.refuse(err)
	}
	host := r.scanner.Host()
	if r.target.Authority != nil {
		host = r.target.Authority
	}
	if host != nil {
		r.host = wire.HostName(nil, host)
	}
	r.id = c.requestID(r.ctx)
	return r.texts(c)
}

// headers copies the header block and refers to its parts.
func (r *request) headers(raw []byte, http11 bool) error {
	room, err := r.frame.Room(len(raw))
	if err != nil {
		return err
	}
	copy(room, raw)
	r.scanner.Reset(room, http11)
	for r.scanner.Next() {
		if err := r.frame.AddHeader(r.scanner.Name, r.scanner.Value); err != nil {
			return err
		}
	}
	return r.scanner.Err()
}

func (r *request) texts(c *conn) bool {
	scheme := schemeHTTP
	if r.ctx.IsTLS() {
		scheme = schemeHTTPS
	}
	query := r.target.Query
	if !r.target.HasQuery {
		query = nil
	} else if query == nil {
		query = []byte{}
	}
	var err error
	set := func(which abi.Text, text []byte) {
		if err == nil {
			err = r.frame.SetText(which, text)
		}
	}
	set(abi.TextMethod, r.ctx.Method())
	set(abi.TextScheme, scheme)
	set(abi.TextHost, r.host)
	set(abi.TextPath, r.path)
	set(abi.TextQuery, query)
	set(abi.TextPeer, c.peer)
	set(abi.TextRequestID, r.id)
	if err != nil {
		r.frame.Release()
		return r.refuse(err)
	}
	return true
}

// fill adds what is known once the route is.
func (r *request) fill(route *routing.Route) bool {
	for i := range route.Params() {
		name, raw, ok := route.Param(r.ctx, i)
		if !ok {
			continue
		}
		value, err := r.frame.Room(len(raw))
		if err == nil {
			value = wire.AppendUnescaped(value[:0], []byte(raw))
			err = r.frame.AddParam(name, value)
		}
		if err != nil {
			return r.refuse(err)
		}
	}
	return true
}

// refuse answers a request that is not to be served, and ends its connection:
// where the next request would start is not known.
func (r *request) refuse(err error) bool {
	var refusal *wire.Refusal
	switch {
	case errors.As(err, &refusal):
		refuse(r.ctx, refusal.Status, refusal.Reason)
		r.ctx.SetConnectionClose()
	default:
		unavailable(r.ctx)
		r.ctx.SetConnectionClose()
	}
	r.refused(err.Error())
	return false
}

// statusOf maps what fasthttp could not read to a status.
func statusOf(err error) int {
	var small *fasthttp.ErrSmallBuffer
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &small):
		return http.StatusRequestHeaderFieldsTooLarge
	case errors.As(err, &timeout) && timeout.Timeout():
		return http.StatusRequestTimeout
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		return http.StatusRequestEntityTooLarge
	case strings.Contains(err.Error(), "unsupported http version"):
		return http.StatusHTTPVersionNotSupported
	}
	return http.StatusBadRequest
}
