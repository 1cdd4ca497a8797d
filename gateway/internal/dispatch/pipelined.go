package dispatch

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
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
			endpoint.Unstuck() // it was counted twice; the other count ends with the completion
			return
		}
		endpoint.Unstick()
	}()
	// A suspended call ends at its deadline by itself; the moment more lets it.
	timer := time.NewTimer(time.Until(at.deadline) + 2*scanEvery)
	defer timer.Stop()
	select {
	case end := <-done:
		instance.Release()
		d.finish(r.ctx, at, end)
		return
	case <-timer.C:
	}
	status := http.StatusGatewayTimeout
	if !endpoint.GetStuck() {
		status = http.StatusServiceUnavailable
	}
	at.frame.Answered(at.token)
	if !state.CompareAndSwap(running, left) {
		instance.Release()
		endpoint.Unstuck()
		d.finish(r.ctx, at, <-done)
		return
	}
	var answer fasthttp.Response
	answer.Header.DisableNormalizing()
	answer.SetStatusCode(status)
	answer.Header.SetContentType("text/plain; charset=utf-8")
	if status == http.StatusServiceUnavailable {
		answer.Header.Set("Retry-After", "1")
	}
	answer.SetBodyString(http.StatusText(status) + "\n")
	answer.SkipBody = at.head // fasthttp looks for the method in another, empty context
	r.ctx.TimeoutErrorWithResponse(&answer)
	d.spinning.add(thread, instance.Module)
	go func() {
		defer instance.Release()
		instance.Module.Cancel(at.token)
	}()
}
