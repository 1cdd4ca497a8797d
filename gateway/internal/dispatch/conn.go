package dispatch

import (
	"errors"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// The phases of a connection. All changes are compare-and-swaps or stores of
// its one owner, the goroutine that serves it, but for two: the deadline
// scanner claims a connection whose call is late, and a drain closes one that
// is idle.
//
//	idle → busy            owner, a request has come; fails if it was closed
//	busy → native → busy   owner, around each native call
//	native → claimed → out scanner; the answer is the scanner's from then on
//	busy → held            owner, the answer is left to fasthttp
//	held → idle            owner, the answer is written: fasthttp reads on
//	held → busy            owner, it is not: the next request was there already
//	idle → closed          drain
const (
	phaseIdle = iota
	phaseHeld
	phaseBusy
	phaseNative
	phaseClaimed
	phaseOut
	phaseClosed

	phaseBits = 3
	phaseMask = 1<<phaseBits - 1
)

var errOut = errors.New("the connection was answered by the deadline scanner")

// conn is a client's connection as fasthttp sees it.
type conn struct {
	net.Conn
	d    *Dispatcher
	slot int    // in d.conns, under d.connsMu
	peer []byte // address and port of the client

	// What the scanner looks at lies together.
	word atomic.Uint64 // deadline of the native call, on d's clock<<phaseBits | phase
	timeouts
	active atomic.Int64 // last time bytes came or went, on d's coarse clock

	// call is the request being served, if it is served on the connection's
	// own goroutine. The scanner reads it after it has claimed the connection,
	// while the owner waits for it.
	call    call
	request request

	idSpace   [40]byte
	idPrefix  int // bytes at the start of idSpace that every request's id has
	pathSpace [128]byte
}

// requestID makes a request's id: the process, the connection, the request.
func (c *conn) requestID(ctx *fasthttp.RequestCtx) []byte {
	if c.idPrefix == 0 {
		prefix := append(c.idSpace[:0], c.d.prefix...)
		prefix = strconv.AppendUint(append(prefix, '-'), ctx.ConnID(), 36)
		c.idPrefix = len(append(prefix, '-'))
	}
	return strconv.AppendUint(c.idSpace[:c.idPrefix], ctx.ConnRequestNum(), 36)
}

func (c *conn) phase() uint64 { return c.word.Load() & phaseMask }

// to moves the owner's phase on; false if somebody else has moved it.
func (c *conn) to(from, to uint64) bool {
	word := c.word.Load()
	return word&phaseMask == from && c.word.CompareAndSwap(word, word-from+to)
}

// enterNative starts a native call that has to return by the deadline. A claim
// of an earlier call fails by its deadline, which is another: it has passed.
func (c *conn) enterNative(deadline int64) {
	c.word.Store(uint64(deadline)<<phaseBits | phaseNative)
}

// overdue tells whether a word is that of a native call whose deadline has passed.
func overdue(word uint64, now int64) bool {
	return word&phaseMask == phaseNative && now > int64(word>>phaseBits)
}

// Read is called by fasthttp, which has written every answer when it reads on
// from one request to the next. (A Write does not mean that: of an answer
// longer than the buffer, the end is held back.)
func (c *conn) Read(p []byte) (int, error) {
	if c.phase() == phaseOut {
		return 0, errOut
	}
	c.to(phaseHeld, phaseIdle)
	if err := c.boundRead(); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.touch()
	}
	return n, err
}

// Write is called by fasthttp. After the scanner has answered, nothing may
// follow on the wire; the error makes fasthttp end the connection.
func (c *conn) Write(p []byte) (int, error) {
	if c.phase() == phaseOut {
		return 0, errOut
	}
	if err := c.boundWrite(); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(p)
	c.touch()
	return n, err
}

// touch notes that bytes came or went.
func (c *conn) touch() {
	if now := c.d.coarse.Load(); c.active.Load() != now {
		c.active.Store(now)
	}
}

// Close is called by fasthttp when it is done with the connection. One that the
// scanner answers is closed by the scanner, after the answer has been read.
func (c *conn) Close() error {
	c.d.forget(c)
	if c.phase() == phaseOut {
		return nil
	}
	return c.Conn.Close()
}

// idle tells whether nothing has happened on the connection since the given
// time, and nothing is under way.
func (c *conn) idle(since int64) bool {
	return c.phase() == phaseIdle && c.active.Load() < since
}

// listener hands fasthttp connections that the dispatcher watches.
type listener struct {
	net.Listener
	d *Dispatcher
}

func (l *listener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: nc, d: l.d, peer: []byte(nc.RemoteAddr().String())}
	c.active.Store(l.d.coarse.Load())
	c.readBy = l.d.by(l.d.opts.ReadTimeout)
	l.d.watch(c)
	return c, nil
}

// watch adds a connection to those that the scanner looks at.
func (d *Dispatcher) watch(c *conn) {
	d.connsMu.Lock()
	c.slot = len(d.conns)
	d.conns = append(d.conns, c)
	d.connsMu.Unlock()
}

// forget takes it out again. Called more than once by fasthttp.
func (d *Dispatcher) forget(c *conn) {
	d.connsMu.Lock()
	defer d.connsMu.Unlock()
	if c.slot < 0 {
		return
	}
	last := len(d.conns) - 1
	d.conns[c.slot] = d.conns[last]
	d.conns[c.slot].slot = c.slot
	d.conns[last] = nil
	d.conns = d.conns[:last]
	c.slot = -1
}

// now is the dispatcher's clock: nanoseconds since it started, monotonic.
func (d *Dispatcher) now() int64 { return int64(time.Since(d.start)) }

func (d *Dispatcher) clock(t time.Time) int64 { return int64(t.Sub(d.start)) }
