package dispatch

import (
	"bytes"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/edge-gateway/edge-gateway/gateway/internal/registry"
	"github.com/edge-gateway/edge-gateway/gateway/internal/routing"
)

// handle serves one request. It is fasthttp's handler.
func (d *Dispatcher) handle(ctx *fasthttp.RequestCtx) {
	c := ctx.Conn().(*conn)
	pipelined := c.to(phaseHeld, phaseBusy)
	if !pipelined && !c.to(phaseIdle, phaseBusy) {
		return // a drain closed the connection under this request
	}
	d.serve(ctx, c, pipelined)
	if d.draining.Load() {
		ctx.SetConnectionClose()
	}
	c.writeBy = d.by(d.opts.WriteTimeout)
	c.to(phaseBusy, phaseHeld) // fails if the scanner took the connection
}

// serve answers ctx, but for a request that the scanner has answered.
func (d *Dispatcher) serve(ctx *fasthttp.RequestCtx, c *conn, pipelined bool) {
	defer d.recoverFault(ctx)
	r := &c.request
	*r = request{d: d, ctx: ctx}
	if !r.open(c) {
		return
	}
	at := &c.call
	if pipelined {
		at = new(call) // it may outlive this request
		r.id = bytes.Clone(r.id)
	}
	if !r.prepare(at) {
		r.frame.Release()
		return
	}
	if pipelined {
		d.servePipelined(r, at)
		return
	}
	at.conn = c
	d.finish(ctx, at, at.enter())
	*at = call{}
}

// prepare finds who answers the request and takes all that it needs. When it
// returns false the request is answered and only the frame is to be given back.
func (r *request) prepare(at *call) bool {
	if r.d.shedding.Load() {
		r.overloaded("the process has too much memory")
		return false
	}
	match := r.d.table.Load().Find(r.ctx, r.host, r.path)
	route := match.Route
	if route == nil {
		r.noRoute(match)
		return false
	}
	e := route.Endpoint
	r.endpoint = e
	if wait := e.Limited(r.d.clock(r.ctx.Time())); wait > 0 {
		r.limited(wait)
		return false
	}
	switch e.Admit() {
	case registry.Busy:
		r.overloaded("max_concurrency requests are in flight")
		return false
	case registry.Stuck:
		r.overloaded("max_stuck calls have not returned")
		return false
	}
	if !r.fill(route) || !r.readBody() {
		e.Leave()
		return false
	}
	instance := e.Acquire(r)
	if instance == nil {
		e.Leave()
		r.overloaded("no version is loaded")
		return false
	}
	started := r.ctx.Time()
	*at = call{
		d: r.d, endpoint: e, instance: instance, frame: r.frame, token: r.frame.Token(),
		id: r.id, deadline: started.Add(e.Limits().Timeout), head: r.ctx.IsHead(), started: started,
	}
	r.frame.SetMeta(started, at.deadline)
	if !r.takeNative(at) {
		instance.Release()
		e.Leave()
		return false
	}
	return true
}

// takeNative takes the slots for a thread inside native code.
func (r *request) takeNative(at *call) bool {
	if !at.endpoint.Native.Take(at.deadline, at.endpoint.Full()) {
		r.overloaded("no thread for native code was free in time (max_native)")
		return false
	}
	if !r.d.native.Take(at.deadline, r.d.cutOff) {
		at.endpoint.Native.Give()
		r.overloaded("no thread for native code was free in time (of the gateway)")
		return false
	}
	return true
}

// finish turns the end of a call into the response and gives back what the
// call held.
func (d *Dispatcher) finish(ctx *fasthttp.RequestCtx, at *call, end verdict) {
	switch end {
	case taken:
		return // the scanner has written and logged it
	case answered:
		at.apply(ctx)
		at.instance.Module.Release(at.frame)
	case failed:
		refuseFailed(ctx, at.failure)
		at.instance.Module.Release(at.frame)
	case malformed:
		refuse(ctx, http.StatusBadGateway, "")
		at.instance.Module.Release(at.frame)
	case abandoned:
		refuse(ctx, http.StatusGatewayTimeout, "")
	case late:
		refuse(ctx, http.StatusGatewayTimeout, "")
		at.instance.Module.Release(at.frame)
	case closing:
		unavailable(ctx)
		at.instance.Module.Release(at.frame)
	case leftBehind:
		unavailable(ctx)
	}
	at.answered(ctx.Response.StatusCode())
	d.logAccess(ctx, at)
	if end == abandoned || end == leftBehind {
		return // all of it is gone to who completes the request
	}
	at.free()
	at.endpoint.Leave()
}

func (r *request) noRoute(m routing.Match) {
	switch {
	case m.Allow == "":
		refuse(r.ctx, http.StatusNotFound, "no endpoint has this path")
	case r.ctx.IsOptions():
		r.ctx.Response.Header.Set("Allow", m.Allow)
		r.ctx.SetStatusCode(http.StatusNoContent)
	default:
		r.ctx.Response.Header.Set("Allow", m.Allow)
		refuse(r.ctx, http.StatusMethodNotAllowed, "this path has "+m.Allow)
	}
	r.unroutedBody()
	r.refused("")
}

func (r *request) overloaded(why string) {
	unavailable(r.ctx)
	r.unroutedBody()
	r.refused(why)
}

// limited answers 429, with the time until one request will be let in.
func (r *request) limited(wait time.Duration) {
	refuse(r.ctx, http.StatusTooManyRequests, "")
	var seconds [20]byte
	r.ctx.Response.Header.SetBytesV("Retry-After", strconv.AppendInt(seconds[:0], int64((wait+time.Second-1)/time.Second), 10))
	r.unroutedBody()
	r.refused("it is over the rate")
}

// refuse answers with a status and a sentence of the gateway's own.
func refuse(ctx *fasthttp.RequestCtx, status int, reason string) {
	if reason == "" {
		reason = http.StatusText(status)
	}
	ctx.SetStatusCode(status)
	ctx.SetContentType("text/plain; charset=utf-8")
	ctx.SetBodyString(reason + "\n")
}

// unavailable answers 503.
func unavailable(ctx *fasthttp.RequestCtx) {
	refuse(ctx, http.StatusServiceUnavailable, "")
	ctx.Response.Header.Set("Retry-After", "1")
}

// recoverFault keeps a mistake of the gateway's own from ending the process:
// fasthttp does not recover.
func (d *Dispatcher) recoverFault(ctx *fasthttp.RequestCtx) {
	p := recover()
	if p == nil {
		return
	}
	d.opts.Log.Error("a fault in the gateway", "panic", p, "stack", string(debug.Stack()))
	ctx.Response.Reset()
	refuse(ctx, http.StatusInternalServerError, "")
	ctx.SetConnectionClose()
	d.refused.Add(http.StatusInternalServerError)
}

// refuseUnread answers what fasthttp could not read as a request.
func (d *Dispatcher) refuseUnread(ctx *fasthttp.RequestCtx, err error) {
	status := statusOf(err)
	refuse(ctx, status, "")
	ctx.SetConnectionClose()
	d.refused.Add(status)
	d.opts.Log.Debug("refused a request that could not be read", "status", status, "peer", ctx.RemoteAddr().String())
}

// expect decides about a request that waits for "100 Continue" with its body.
func (d *Dispatcher) expect(ctx *fasthttp.RequestCtx) int {
	c := ctx.Conn().(*conn)
	r := &c.request
	*r = request{d: d, ctx: ctx}
	if !r.open(c) {
		return ctx.Response.StatusCode()
	}
	defer r.frame.Release()
	if d.shedding.Load() {
		r.overloaded("the process has too much memory")
		return ctx.Response.StatusCode()
	}
	match := d.table.Load().Find(ctx, r.host, r.path)
	if match.Route == nil {
		r.noRoute(match)
		return ctx.Response.StatusCode()
	}
	r.endpoint = match.Route.Endpoint
	if limit := r.endpoint.Limits().MaxBody; r.scanner.ContentLength() > limit {
		r.tooLarge(limit)
		return ctx.Response.StatusCode()
	}
	ctx.ResetUserValues()
	return http.StatusContinue
}
