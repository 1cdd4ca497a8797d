package dispatch

import (
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
)

// How long the last resume of a request that is over may take before its
// client is answered without waiting for it.
const lastResume = 20 * time.Millisecond

// timers are stopped, for await.
var timers = sync.Pool{New: func() any {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return timer
}}

// await runs the operations that the handler returned and resumes it. done
// says that the request is over, and end how; else status is what the resumed
// handler returned.
func (c *call) await() (status abi.Status, end verdict, done bool) {
	ops, err := c.instance.Module.Operations(c.frame, c.deadline)
	if err != nil {
		c.logBroken("awaits nothing that can be run", err.Error())
		if c.frame.Resumable() {
			c.frame.CutOperations(abi.ErrInvalid)
			return c.over(abi.ErrCanceled, malformed)
		}
		c.frame.Settle()
		return 0, malformed, true
	}
	reason := abi.OK
	select {
	case <-ops.Done(): // most often they are done, or soon will be
	default:
		timer := timers.Get().(*time.Timer)
		timer.Reset(time.Until(c.deadline))
		select {
		case <-ops.Done():
		case <-timer.C:
			reason = abi.ErrDeadline
		case <-c.d.cutOff:
			reason = abi.ErrClosing
		}
		timer.Stop()
		timers.Put(timer)
	}
	cut := reason
	if cut != abi.OK {
		c.frame.Answered(c.token) // what the request holds is given back now, not after the resume
	} else {
		cut = abi.ErrInternal // never used: all are done
	}
	if err := ops.Finish(cut); err != nil {
		c.logBroken("let go of its list of operations", err.Error())
		return c.over(abi.ErrCanceled, malformed)
	}
	switch reason {
	case abi.ErrDeadline:
		return c.over(reason, late)
	case abi.ErrClosing:
		return c.over(reason, closing)
	}
	status, inTime := c.resume(abi.OK, c.deadline)
	if !inTime {
		return 0, c.tooLate(status), true
	}
	return status, 0, false
}

// over resumes the handler for the last time, so that it frees its state.
func (c *call) over(reason abi.Status, end verdict) (abi.Status, verdict, bool) {
	status, inTime := c.resume(reason, time.Now().Add(lastResume))
	if status != abi.OK {
		c.logBroken("answered its last resume with", status.String())
	}
	if !inTime {
		// The scanner has told the client meanwhile.
		c.frame.Settle()
		c.instance.Module.Release(c.frame)
		c.free()
		c.endpoint.Unstick()
		return 0, taken, true
	}
	c.frame.Settle()
	return 0, end, true
}

// cancelAwait gives a handler that returned EG_AWAIT after its time was up the
// one resume that it is owed.
func (c *call) cancelAwait(reason abi.Status) {
	if !c.frame.Resumable() {
		return
	}
	c.frame.CutOperations(reason)
	c.d.native.Force()
	c.endpoint.Native.Force()
	late := &lateThread{} // from its beginning: nobody waits
	late.enter(abi.CurrentThread())
	c.d.spinning.add(late, c.instance.Module)
	status := c.instance.Module.Resume(c.frame, reason)
	late.end()
	c.endpoint.Native.Give()
	c.d.native.Give()
	if status != abi.OK {
		c.logBroken("answered its last resume with", status.String())
	}
}

// pend waits for the handler to complete the request.
func (c *call) pend() verdict {
	c.frame.Park()
	timer := timers.Get().(*time.Timer)
	timer.Reset(time.Until(c.deadline))
	defer func() {
		timer.Stop()
		timers.Put(timer)
	}()
	end := abandoned
	select {
	case <-c.frame.Done():
		return c.completed()
	case <-timer.C:
	case <-c.d.cutOff:
		end = leftBehind
	}
	c.frame.Answered(c.token)
	token, instance := c.token, c.instance
	instance.Hold() // for the cancel: the request's own guard may go at any moment
	if !c.frame.Abandon(c.lateFunc()) {
		instance.Let()
		<-c.frame.Done() // it comes at this very moment
		return c.completed()
	}
	// The permit becomes a stuck call until complete() comes.
	c.endpoint.GetStuck()
	c.d.cancel(c.endpoint, instance, token)
	instance.Let()
	return end
}

func (c *call) completed() verdict {
	switch status, ok := c.frame.TakeCompletion(); {
	case status == abi.OK:
		return answered
	case !ok:
		c.logBroken("completed with", status.String())
		return malformed
	default:
		return c.fail(status)
	}
}
