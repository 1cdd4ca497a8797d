package admin

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// exchange is one request with its answer.
type exchange struct {
	w       *response
	r       *http.Request
	local   bool   // came over the unix socket
	accept  string // of the request; huma is not asked to choose by it
	route   *route // nil if there is none
	actor   model.Actor
	body    string // SHA-256 of a JSON body, in hex
	started time.Time
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange { return ctx.Value(exchangeKey{}).(*exchange) }

// handler answers what comes over one listener.
type handler struct {
	api   *API
	local bool
}

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{w: newResponse(w, h.api.limits.write), r: r, local: h.local, accept: r.Header.Get("Accept"), started: time.Now()}
	r.Header.Del("Accept")
	defer h.api.logged(x)
	defer h.api.recovered(x)
	// A deadline of the answer before, on the same connection, is over.
	_ = x.w.control.SetWriteDeadline(time.Time{})
	if hasBody(r) {
		// Whoever reads the body has deadlines of its own. This one is for a
		// body that nobody reads: net/http waits for it before it answers.
		_ = x.w.control.SetReadDeadline(time.Now().Add(h.api.limits.json))
	}
	x.w.Header().Set("X-Content-Type-Options", "nosniff")
	x.w.Header().Set("Cache-Control", "no-store")
	if p := h.api.admit(x); p != nil {
		x.w.problem(p)
		return
	}
	x.r = r.WithContext(context.WithValue(model.WithActor(r.Context(), x.actor), exchangeKey{}, x))
	h.api.mux.ServeHTTP(x.w, x.r)
}

// admit lets a request through, with its route and who asks, or tells why not.
func (a *API) admit(x *exchange) *Problem {
	if p := a.foreign(x); p != nil {
		return p
	}
	if p := canonical(x.r); p != nil {
		return p
	}
	if p := a.find(x); p != nil {
		return p
	}
	return a.authenticate(x)
}

// find finds the route of a request. The mux alone would redirect what is not
// canonical, and answer in plain text.
func (a *API) find(x *exchange) *Problem {
	if path.Clean(x.r.URL.Path) == x.r.URL.Path {
		_, pattern := a.mux.Handler(x.r)
		if x.route = a.routes[pattern]; x.route != nil {
			return nil
		}
		if allowed := a.allowed(x.r); len(allowed) > 0 {
			return problem(http.StatusMethodNotAllowed, "%s is not for %s; there is %s", x.r.URL.Path, x.r.Method, strings.Join(allowed, ", ")).
				with("Allow", strings.Join(allowed, ", "))
		}
	}
	return problem(http.StatusNotFound, "there is no route %s; %s/openapi.json lists them all", x.r.URL.Path, v1)
}

// allowed are the methods that the path of a request has.
func (a *API) allowed(r *http.Request) (methods []string) {
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete} {
		other := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := a.mux.Handler(other); a.routes[pattern] != nil {
			methods = append(methods, method)
		}
	}
	return methods
}

// canonical writes the query of a request so that it can be read in one way
// only. A name alone stands for true, as in ?plan.
func canonical(r *http.Request) *Problem {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return problem(http.StatusBadRequest, "the query of the URL is malformed")
	}
	for name, values := range query {
		if len(values) > 1 {
			return problem(http.StatusBadRequest, "%s is in the query more than once", name)
		}
		if values[0] != "" {
			continue
		}
		if !slices.Contains(strings.Split(r.URL.RawQuery, "&"), url.QueryEscape(name)) {
			return problem(http.StatusBadRequest, "%s is in the query without a value", name)
		}
		query.Set(name, "true")
	}
	r.URL.RawQuery = query.Encode()
	return nil
}

// recovered answers in place of a handler that panicked.
func (a *API) recovered(x *exchange) {
	p := recover()
	if p == nil {
		return
	}
	// What cannot be sent panics in huma; the client is gone.
	if err, ok := p.(error); ok && (errors.Is(err, http.ErrAbortHandler) || x.w.failed != nil) {
		panic(http.ErrAbortHandler)
	}
	a.log.Error("admin API: a handler panicked", "method", x.r.Method, "path", x.r.URL.Path, "panic", p, "stack", string(debug.Stack()))
	if x.w.status != 0 {
		panic(http.ErrAbortHandler) // so that the client sees that the answer is not whole
	}
	for name := range x.w.Header() {
		x.w.Header().Del(name)
	}
	x.w.problem(problem(http.StatusInternalServerError, "the gateway failed; its log tells why"))
}

// logged writes a line for a request: for changes at level info.
func (a *API) logged(x *exchange) {
	level := slog.LevelInfo
	if x.r.Method == http.MethodGet || x.r.Method == http.MethodHead {
		level = slog.LevelDebug
	}
	if x.route == nil || x.w.status == http.StatusUnauthorized || x.w.status == http.StatusTooManyRequests {
		level = slog.LevelDebug // anyone can cause these; attempts.go tells of them
	}
	if !a.log.Enabled(x.r.Context(), level) {
		return
	}
	who := x.actor.Name
	if who == "" {
		who = "nobody"
	}
	a.log.Log(x.r.Context(), level, "admin API: request", "by", who, "from", x.from(), "method", x.r.Method,
		"path", x.r.URL.EscapedPath(), "status", x.w.status, "duration", time.Since(x.started))
}
