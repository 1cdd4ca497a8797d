package dispatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/metric"
	"github.com/edge-gateway/edge-gateway/gateway/internal/registry"
	"github.com/edge-gateway/edge-gateway/gateway/internal/routing"
)

// Options of a dispatcher. Every field is to be set, but for Access.
type Options struct {
	Memory       *abi.Memory
	Log          *slog.Logger
	Access       *slog.Logger  // one line for each request; nil for none
	HeaderLimit  int           // bytes of request line and headers
	ReadTimeout  time.Duration // of a whole request, its body included
	WriteTimeout time.Duration // of an answer
	IdleTimeout  time.Duration // of a connection between requests
	IdleGrace    time.Duration // of an idle connection when draining
	MaxConns     int           // connections at a time
	MaxNative    int           // threads inside native code
	MaxAnswer    int64         // bytes of an answer's body
}

// Dispatcher serves connections. Its parts are shared by all goroutines; see
// each for how.
type Dispatcher struct {
	opts     Options
	server   *fasthttp.Server
	native   registry.Slots
	spinning *spinners
	table    atomic.Pointer[routing.Table]
	refused  metric.Statuses // requests that reached no endpoint

	start  time.Time    // zero of the clock
	coarse atomic.Int64 // the clock, as of the last scan
	prefix string       // of request ids, differs from process to process

	connsMu sync.Mutex
	conns   []*conn

	late     sync.WaitGroup // answers being given by early
	stop     chan struct{}  // ends what follows
	scanner  sync.WaitGroup // the scanner, and who looks at late threads
	draining atomic.Bool
	shedding atomic.Bool
	cutOff   chan struct{} // closed when suspended requests are given up
	serving  sync.WaitGroup
	lnMu     sync.Mutex
	lns      []net.Listener
}

// ErrClosed is what Serve returns when the dispatcher was shut down.
var ErrClosed = errors.New("the gateway is shut down")

// New makes a dispatcher with an empty table and starts its scanner, which
// Shutdown ends.
func New(opts Options) *Dispatcher {
	d := &Dispatcher{
		opts: opts, start: time.Now(), prefix: fmt.Sprintf("%08x", rand.Uint32()),
		stop: make(chan struct{}), cutOff: make(chan struct{}), spinning: newSpinners(opts.Log),
	}
	d.native.SetLimit(opts.MaxNative)
	d.server = &fasthttp.Server{
		Handler:                       d.handle,
		ErrorHandler:                  d.refuseUnread,
		ExpectHandler:                 d.expect,
		Name:                          "",
		NoDefaultServerHeader:         true,
		NoDefaultContentType:          true,
		DisableHeaderNamesNormalizing: true,
		DisablePreParseMultipartForm:  true,
		StreamRequestBody:             true,
		SecureErrorLogMessage:         true,
		LogAllErrors:                  false,
		Logger:                        quiet{},
		ReadBufferSize:                opts.HeaderLimit,
		ConnState:                     d.connState, // instead of timeouts of its own
		Concurrency:                   opts.MaxConns,
		MaxRequestBodySize:            1, // bodies are read after routing; see body.go
		CloseOnShutdown:               true,
	}
	d.table.Store(&routing.Table{})
	d.scanner.Go(func() { d.scan(d.stop) })
	d.scanner.Go(func() { d.spinning.run(d.stop) })
	return d
}

// quiet drops what fasthttp would log by itself; refused requests are logged
// by refuseUnread.
type quiet struct{}

func (quiet) Printf(string, ...any) {}

// SetTable makes another routing table the one in force.
func (d *Dispatcher) SetTable(t *routing.Table) { d.table.Store(t) }

// Shed has new requests refused with 503, or no longer.
func (d *Dispatcher) Shed(on bool) { d.shedding.Store(on) }

// Native counts the threads inside native code.
func (d *Dispatcher) Native() int64 { return d.native.Used() }

// Serve answers connections of ln until Shutdown, and closes ln.
func (d *Dispatcher) Serve(ln net.Listener) error {
	d.lnMu.Lock()
	if d.draining.Load() {
		d.lnMu.Unlock()
		_ = ln.Close()
		return ErrClosed
	}
	d.lns = append(d.lns, ln)
	d.serving.Add(1)
	d.lnMu.Unlock()
	defer d.serving.Done()
	err := d.server.Serve(&listener{Listener: ln, d: d})
	if d.draining.Load() {
		return ErrClosed
	}
	return err
}

// Shutdown stops accepting, lets requests finish and connections go idle, and
// then closes everything. When ctx ends first, suspended requests are given up
// with 503 and calls that are still in native code are left behind; that is an
// error.
func (d *Dispatcher) Shutdown(ctx context.Context) error {
	d.lnMu.Lock()
	d.draining.Store(true)
	lns := d.lns
	d.lns = nil
	d.lnMu.Unlock()
	for _, ln := range lns {
		_ = ln.Close()
	}
	d.serving.Wait()
	err := d.drain(ctx)
	if err != nil {
		close(d.cutOff)
		last, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = d.drain(last)
	}
	if err == nil {
		// fasthttp closes its listeners, which are closed, once more.
		if err = d.server.ShutdownWithContext(ctx); errors.Is(err, net.ErrClosed) {
			err = nil
		}
	}
	d.late.Wait()
	close(d.stop)
	d.scanner.Wait()
	return err
}

// drain closes connections as they go idle, until none is left.
func (d *Dispatcher) drain(ctx context.Context) error {
	tick := time.NewTicker(4 * scanEvery)
	defer tick.Stop()
	for {
		before := d.now() - int64(d.opts.IdleGrace)
		d.connsMu.Lock()
		open := len(d.conns)
		var idle []*conn
		for _, c := range d.conns {
			if c.idle(before) && c.to(phaseIdle, phaseClosed) {
				idle = append(idle, c)
			}
		}
		d.connsMu.Unlock()
		for _, c := range idle {
			_ = c.Conn.Close() // fasthttp's read fails, and it forgets the connection
		}
		if open == 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%d connections were still busy: %w", open, ctx.Err())
		}
	}
}
