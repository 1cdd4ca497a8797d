package dispatch

import (
	"net/http"
	"sync/atomic"
	"time"
)

// servePipelined runs a call whose connection may hold an earlier answer that
// fasthttp has not written yet: the scanner cannot answer there, since its
// answer would overtake. The call runs on a goroutine of its own, and if it is
// late, fasthttp is given 504 in its place, in order.
func (d *Dispatcher) servePipelined(r *request, at *call) {
	const (
		running = iota
		returned
		left // by this goroutine; the other cleans up
	)
	var state atomic.Int32
	done := make(chan verdict, 1)
	endpoint, instance := at.endpoint, at.instance
	// For the cancel. The request's own guard may go at any moment once the call
	// is abandoned, which is seen here only later.
	instance.Hold()
	thread := &lateThread{}
	at.late = thread
	go func() {
		end := at.enter()
		if state.CompareAndSwap(running, returned) {
			done <- end
			return
		}
		thread.end()
		switch end {
		case answered, failed, malformed:
			at.instance.Module.Release(at.frame)
			at.free()
		case late, closing:
			at.instance.Module.Release(at.frame)
			at.free()
		case abandoned, leftBehind:
			endpoint.Unstuck() // it was allowed twice; the other count ends with the completion
			return
		}
		endpoint.Unstick()
	}()
	// A suspended call ends at its deadline by itself; the moment more lets it.
	timer := time.NewTimer(time.Until(at.deadline) + 2*scanEvery)
	defer timer.Stop()
	select {
	case end := <-done:
		instance.Let()
		d.finish(r.ctx, at, end)
		return
	case <-timer.C:
	}
	allowed := endpoint.GetStuck()
	at.frame.Answered(at.token)
	if !state.CompareAndSwap(running, left) {
		instance.Let()
		endpoint.Unstuck()
		d.finish(r.ctx, at, <-done)
		return
	}
	if allowed {
		refuse(r.ctx, http.StatusGatewayTimeout, "")
	} else {
		unavailable(r.ctx)
	}
	r.ctx.Response.SkipBody = at.head // fasthttp looks for the method in another, empty context
	at.answered(r.ctx.Response.StatusCode())
	d.logAccess(r.ctx, at)
	r.ctx.TimeoutErrorWithResponse(&r.ctx.Response)
	d.spinning.add(thread, instance.Module)
	d.cancel(endpoint, instance, at.token)
	instance.Let()
}
