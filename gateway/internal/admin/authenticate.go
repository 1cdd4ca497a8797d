package admin

import (
	"cmp"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// challenge tells a client how to say who it is.
const challenge = `Bearer realm="edge-gateway"`

// authenticate finds who asks, and whether they may use the route.
func (a *API) authenticate(x *exchange) *Problem {
	if x.local {
		x.actor = model.Actor{Name: "local", From: x.from(), Scope: model.ScopeAdmin}
		return nil
	}
	if x.route.scope == "" {
		x.actor = model.Actor{From: x.from()}
		return nil
	}
	token, given := bearer(x.r)
	if !given {
		return problem(http.StatusUnauthorized, "the request has no token; send the header Authorization: Bearer TOKEN").
			with("WWW-Authenticate", challenge)
	}
	if p := a.identify(x, token); p != nil {
		return p
	}
	return a.authorize(x)
}

// identify finds whose token it is. Where too many were wrong of late, one that
// has not been right before is not looked at.
func (a *API) identify(x *exchange, token string) *Problem {
	address := x.from()
	if wait := a.attempts.wait(address, token); wait > 0 {
		return tooMany(wait)
	}
	actor, err := a.control.Authenticate(x.r.Context(), token)
	if err == nil {
		a.attempts.right(token)
		actor.From = address
		x.actor = actor
		return nil
	}
	p := a.problemOf(x, err)
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.Unauthorized {
		return p
	}
	a.attempts.wrong(address, token)
	if count, ok := a.attempts.tell(address); ok {
		a.log.Warn("admin API: a token was refused", "from", address, "attempts", count, "reason", e.Reason)
		a.note(x, model.AuditEntry{Action: "key.use", Outcome: "denied", Detail: e.Reason})
	}
	return p.with("WWW-Authenticate", challenge+`, error="invalid_token"`)
}

// authorize compares what a key may do with what the route asks for.
func (a *API) authorize(x *exchange) *Problem {
	if !x.actor.Scope.Has(x.route.scope) {
		return a.denied(x, "this needs a key of scope %s; the scope of key %q is %s", x.route.scope, x.actor.Name, x.actor.Scope).
			with("WWW-Authenticate", challenge+`, error="insufficient_scope", scope="`+string(x.route.scope)+`"`)
	}
	if x.route.whole && limited(x.actor) {
		return a.denied(x, "this needs a key of scope %s that is not limited to endpoints; key %q is", x.route.scope, x.actor.Name)
	}
	return nil
}

// denied is a refusal that is written down.
func (a *API) denied(x *exchange, format string, args ...any) *Problem {
	p := problem(http.StatusForbidden, format, args...)
	if count, ok := a.attempts.tell(x.actor.Name + "@" + x.actor.From); ok {
		a.log.Warn("admin API: a request was denied", "by", x.actor.Name, "from", x.actor.From, "operation", x.route.id, "attempts", count)
		a.note(x, model.AuditEntry{Action: x.route.id, Outcome: "denied", Detail: p.Detail})
	}
	return p
}

// note adds to the audit, unless there is too much of it.
func (a *API) note(x *exchange, e model.AuditEntry) {
	if !a.attempts.mayNote() {
		return
	}
	e.At, e.By, e.From, e.Target = x.started, cmp.Or(x.actor.Name, "unknown"), x.from(), x.r.URL.Path
	a.control.Note(x.r.Context(), e)
}

// limited tells whether there are endpoints that an actor does not reach.
func limited(actor model.Actor) bool {
	return len(actor.Endpoints) > 0 && actor.Scope != model.ScopeAdmin
}

// visible are the endpoints whose things an actor may see; none for all.
func visible(actor model.Actor) []string {
	if limited(actor) {
		return actor.Endpoints
	}
	return nil
}

func bearer(r *http.Request) (token string, ok bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	return token, ok && strings.EqualFold(scheme, "Bearer") && token != ""
}

// from is the address of the client.
func (x *exchange) from() string {
	if x.local {
		return "unix"
	}
	host, _, err := net.SplitHostPort(x.r.RemoteAddr)
	if err != nil {
		return x.r.RemoteAddr
	}
	return host
}
