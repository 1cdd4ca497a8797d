package dispatch

import (
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/registry"
)

// call is one request on its way through a handler. It belongs to the
// goroutine that runs it.
type call struct {
	d        *Dispatcher
	conn     *conn // nil if the scanner must not answer on it
	endpoint *registry.Endpoint
	instance *registry.Instance
	frame    *abi.Frame
	token    uint64
	id       []byte // of the request; in memory of the connection
	deadline time.Time
	head     bool
	started  time.Time
	thread   abi.Thread  // of the native call under way
	late     *lateThread // of one that its client no longer waits for
	failure  abi.Status  // what the handler failed with
}

// verdict is how a call ended.
type verdict int

const (
	answered   verdict = iota // the frame holds the answer
	failed                    // the handler returned an error
	malformed                 // it broke the rules of the ABI
	late                      // its time is up; the frame is still the call's
	abandoned                 // its time is up; frame and guard are gone to whoever completes it
	closing                   // the gateway shuts down; the frame is still the call's
	leftBehind                // the gateway shuts down; otherwise as abandoned
	taken                     // the scanner has answered and ended the connection
)

// enter runs the handler to its end, over all suspensions.
func (c *call) enter() verdict {
	c.arm(c.deadline)
	status := c.instance.Module.Enter(c.frame)
	if !c.disarm() {
		return c.tooLate(status)
	}
	return c.follow(status)
}

// arm lets the scanner answer should the native call that follows not return
// in time.
func (c *call) arm(deadline time.Time) {
	c.thread = abi.CurrentThread()
	if c.conn != nil {
		c.conn.enterNative(c.d.clock(deadline))
	} else {
		c.late.enter(c.thread)
	}
}

// disarm ends what arm began and gives the native slots back; false if the
// scanner has answered.
func (c *call) disarm() bool {
	inTime := c.conn == nil || c.conn.to(phaseNative, phaseBusy)
	c.endpoint.Native.Give()
	c.d.native.Give()
	if c.conn == nil {
		c.late.leave()
	}
	if !inTime {
		c.conn.awaitClaim()
		c.late.end()
	}
	return inTime
}

// resume continues a suspended request. It is never turned away: it would only
// hold what it has for longer.
func (c *call) resume(reason abi.Status, deadline time.Time) (abi.Status, bool) {
	c.d.native.Force()
	c.endpoint.Native.Force()
	c.arm(deadline)
	status := c.instance.Module.Resume(c.frame, reason)
	return status, c.disarm()
}

// follow acts on what a native call returned in time.
func (c *call) follow(status abi.Status) verdict {
	for {
		switch {
		case status == abi.OK:
			c.frame.Settle()
			return answered
		case status == abi.Await:
			var end verdict
			var done bool
			if status, end, done = c.await(); done {
				return end
			}
		case status == abi.Pending:
			return c.pend()
		case status < 0:
			c.frame.Settle()
			return c.fail(status)
		default:
			c.frame.Settle()
			c.logBroken("returned", status.String())
			return malformed
		}
	}
}

// tooLate cleans up after a native call that returned when its request had
// been answered already.
func (c *call) tooLate(status abi.Status) verdict {
	switch status {
	case abi.Await:
		c.cancelAwait(abi.ErrDeadline)
	case abi.Pending:
		c.frame.Park()
		if c.frame.Abandon(c.lateFunc()) {
			return taken
		}
		<-c.frame.Done()
		c.free()
		c.endpoint.Unstick()
		return taken
	}
	c.frame.Settle()
	c.instance.Module.Release(c.frame)
	c.free()
	c.endpoint.Unstick()
	return taken
}

// lateFunc is run when the handler completes a request that was answered
// without it: only now is its memory free and its guard given back.
func (c *call) lateFunc() func() {
	endpoint, instance, frame := c.endpoint, c.instance, c.frame
	return func() {
		frame.Release()
		instance.Release()
		endpoint.Unstick()
	}
}

// free gives the frame and the guard back.
func (c *call) free() {
	c.frame.Release()
	c.instance.Release()
}
