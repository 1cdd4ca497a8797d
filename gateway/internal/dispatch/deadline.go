package dispatch

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"time"
)

// The scanner looks at every connection this often. A late call is answered at
// most this much after its deadline.
const scanEvery = 5 * time.Millisecond

// scan claims the connections whose native call is late, until stop is closed.
// It must never block: everything that may is done by early, elsewhere.
func (d *Dispatcher) scan(stop <-chan struct{}) {
	tick := time.NewTicker(scanEvery)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		now := d.now()
		d.coarse.Store(now)
		d.connsMu.Lock()
		for _, c := range d.conns {
			word := c.word.Load()
			if overdue(word, now) && c.word.CompareAndSwap(word, word-phaseNative+phaseClaimed) {
				d.claim(c)
			} else {
				c.expire(word&phaseMask, now)
			}
		}
		d.connsMu.Unlock()
	}
}

// claim takes over what the answer needs while the call's owner, should it
// return at this moment, waits.
func (d *Dispatcher) claim(c *conn) {
	c.call.late = &lateThread{}
	c.call.late.enter(c.call.thread)
	late := lateCall{conn: c.Conn, call: c.call, status: http.StatusGatewayTimeout}
	if !late.call.endpoint.GetStuck() {
		late.status = http.StatusServiceUnavailable
	}
	late.call.instance.Hold() // until early has counted it, and had it canceled
	late.call.frame.Answered(late.call.token)
	late.id = string(late.call.id)
	late.head = late.call.head
	d.spinning.add(late.call.late, late.call.instance.Module)
	d.late.Add(1)
	c.word.Store(c.word.Load() - phaseClaimed + phaseOut)
	go d.early(late)
}

// awaitClaim is what the owner does when it finds its connection claimed.
func (c *conn) awaitClaim() {
	for c.phase() == phaseClaimed {
		runtime.Gosched() // the scanner is between two stores
	}
}

// lateCall is what the scanner needs of a call that it answers.
type lateCall struct {
	conn   net.Conn
	call   call // a copy: the owner goes on with its own
	id     string
	head   bool
	status int
}

// early answers a request whose handler has not returned, and ends its
// connection: what the handler would still send has no place on it.
func (d *Dispatcher) early(l lateCall) {
	defer d.late.Done()
	defer l.conn.Close()
	l.call.answered(l.status)
	d.cancel(l.call.endpoint, l.call.instance, l.call.token)
	l.call.instance.Let()
	d.logEarly(&l)
	body := http.StatusText(l.status) + "\n"
	retry := ""
	if l.status == http.StatusServiceUnavailable {
		retry = "Retry-After: 1\r\n"
	}
	answer := fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n%sConnection: close\r\n\r\n",
		l.status, http.StatusText(l.status), len(body), retry)
	if !l.head {
		answer += body
	}
	_ = l.conn.SetWriteDeadline(time.Now().Add(time.Second))
	if _, err := io.WriteString(l.conn, answer); err == nil {
		// Read on for a moment: closing with unread bytes would reset the
		// connection and could take the answer away from the client.
		if half, ok := l.conn.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
		_ = l.conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
		_, _ = io.Copy(io.Discard, io.LimitReader(l.conn, 1<<20))
	}
}
