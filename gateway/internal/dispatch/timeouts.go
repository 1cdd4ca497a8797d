package dispatch

import (
	"net"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// timeouts bounds how long a connection's reads and writes may take. The
// scanner enforces the bounds, to its own precision, since fasthttp's would
// read the clock and move a timer of the runtime three times in each request.
//
// fasthttp tells when a request begins and ends; the owner keeps the bounds that
// are then in force, and shows the scanner the one of the read or write that it
// starts. All times are on the dispatcher's clock, 0 for none.
type timeouts struct {
	reading, writing atomic.Int64 // the bound of the latest read and write, or tripped
	readBy, writeBy  int64        // the owner's
	kept             bool         // a request has been served; the owner's
}

// tripped takes the place of a bound that the scanner found passed.
const tripped = -1

// expired fails a read or write at once.
var expired = time.Unix(1, 0)

// by is the time when something that starts now has to be over.
func (d *Dispatcher) by(timeout time.Duration) int64 {
	if timeout <= 0 {
		return 0
	}
	return d.coarse.Load() + int64(timeout)
}

// connState hears from fasthttp, on the owner's goroutine. A new connection has
// one bound for its wait and its first request; a kept one waits by IdleTimeout
// and has ReadTimeout from the first byte on.
func (d *Dispatcher) connState(nc net.Conn, state fasthttp.ConnState) {
	c := nc.(*conn)
	switch state {
	case fasthttp.StateIdle:
		c.kept = true
		c.readBy = d.by(d.opts.IdleTimeout)
	case fasthttp.StateActive:
		if c.kept {
			c.readBy = d.by(d.opts.ReadTimeout)
		}
		c.writeBy = 0 // until there is an answer, each write has its own
	}
}

// boundRead starts a read that has to be over by readBy. The bound stays when
// it is done: should the scanner find it passed before the next read begins,
// nothing was late, and the deadline that it set is taken back. It sets it
// under connsMu.
func (c *conn) boundRead() error {
	if c.reading.Load() == c.readBy || c.reading.Swap(c.readBy) != tripped {
		return nil
	}
	c.d.connsMu.Lock()
	defer c.d.connsMu.Unlock()
	return c.Conn.SetReadDeadline(time.Time{})
}

// boundWrite is the same for a write.
func (c *conn) boundWrite() error {
	by := c.writeBy
	if by == 0 {
		by = c.d.by(c.d.opts.WriteTimeout)
	}
	if c.writing.Load() == by || c.writing.Swap(by) != tripped {
		return nil
	}
	c.d.connsMu.Lock()
	defer c.d.connsMu.Unlock()
	return c.Conn.SetWriteDeadline(time.Time{})
}

// expire fails a read or write that is late, in a phase in which there may be
// one.
func (c *conn) expire(phase uint64, now int64) {
	if phase > phaseBusy {
		return
	}
	if passed(&c.reading, now) {
		_ = c.Conn.SetReadDeadline(expired)
	}
	if passed(&c.writing, now) {
		_ = c.Conn.SetWriteDeadline(expired)
	}
}

// passed trips a bound that is in the past.
func passed(bound *atomic.Int64, now int64) bool {
	by := bound.Load()
	return by > 0 && now > by && bound.CompareAndSwap(by, tripped)
}
