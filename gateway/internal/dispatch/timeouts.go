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
// fasthttp tells when a request begins and ends; the owner keeps the bound that
// is then in force and shows it to the scanner while a read or write is under
// way. All times are on the dispatcher's clock, 0 for none.
type timeouts struct {
	reading, writing atomic.Int64 // the bound of what is under way, or tripped
	readBy, writeBy  int64        // the owner's
	kept             bool         // a request has been served; the owner's
}

// tripped takes the place of a bound that the scanner found passed.
const tripped = -1

// expired fails every read or write that is under way.
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

// expire fails the read or write that is late. The scanner calls it, under
// connsMu.
func (c *conn) expire(now int64) {
	if by := c.reading.Load(); by > 0 && now > by && c.reading.CompareAndSwap(by, tripped) {
		_ = c.Conn.SetReadDeadline(expired)
	}
	if by := c.writing.Load(); by > 0 && now > by && c.writing.CompareAndSwap(by, tripped) {
		_ = c.Conn.SetWriteDeadline(expired)
	}
}

// rescind takes a deadline back that the scanner set, or is about to set, for
// what has just been done in time after all.
func (c *conn) rescind() error {
	c.d.connsMu.Lock()
	defer c.d.connsMu.Unlock()
	return c.Conn.SetDeadline(time.Time{})
}
