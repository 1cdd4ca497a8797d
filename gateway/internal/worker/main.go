package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/machine"
	"github.com/edge-gateway/edge-gateway/gateway/internal/process"
)

// mark tells a process that it is a worker.
const mark = "EDGE_GATEWAY_WORKER"

// What a worker inherits, from descriptor 3 on.
const (
	ordersFD = 3 + iota
	linesFD
	crashFD
	recorderFD
	firstListenerFD
)

// Main does not return if the process is a worker. It has to be the first thing
// in main, and in TestMain of packages that start a Supervisor. It includes
// [gateway.Main].
func Main() {
	gateway.Main()
	if os.Getenv(mark) == "" {
		ready = true
		return
	}
	_ = os.Unsetenv(mark) // it is not for what handlers start
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, "edge-gateway worker:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// ready tells that Main was called.
var ready bool

// worker is the process that serves.
type worker struct {
	settings *settings
	orders   *os.File
	recorder *abi.Recorder
	gateway  *gateway.Gateway
	listen   []net.Listener
	needs    descriptors
	umask    umask

	told    sync.Mutex // one message after the other goes out
	mu      sync.Mutex
	cancels map[uint64]context.CancelFunc // of orders under way
	ending  sync.Once
	drains  chan struct{}      // closed when it begins to drain
	cut     context.CancelFunc // cuts the drain short
	cutting context.Context
	ended   chan error // of the shutdown
}

func work() error {
	// Not by ignoring them: that would be passed on to what handlers start.
	signal.Notify(make(chan os.Signal, 1), deaf...)
	w := &worker{cancels: map[uint64]context.CancelFunc{}, ended: make(chan error, 1), drains: make(chan struct{}), umask: currentUmask()}
	w.cutting, w.cut = context.WithCancel(context.Background())
	pipe, err := w.inherit()
	if err != nil {
		return err
	}
	debug.SetMaxThreads(20_000) // a blocking handler holds a thread for each call
	machine.FitGoMemory(w.settings.Memory)
	plain, err := newLogger(pipe, w.settings.Text)
	if err != nil {
		return err
	}
	slog.SetDefault(plain)
	opts := w.settings.gateway(slog.New(&loads{next: plain.Handler(), tell: w.tell}), w.recorder)
	opts.Ended = func(e gateway.ProcessExit) { w.tell(news{Ended: &e}) }
	opts.Worn = func(reason string) { w.tell(news{Worn: reason}) }
	w.gateway, err = gateway.New(opts)
	if err != nil {
		return err
	}
	go w.follow()
	go w.watch()
	err = <-w.ended
	if err != nil {
		_ = w.orders.SetWriteDeadline(time.Now().Add(last))
		w.tell(news{Why: err.Error()})
	}
	return err
}

// last is how long the last words may take.
const last = time.Second

// inherit takes what control has passed, and the first order.
func (w *worker) inherit() (pipe *os.File, err error) {
	if w.orders, err = inheritOrders(ordersFD); err != nil {
		return nil, err
	}
	if pipe, err = inherit(linesFD, "lines"); err != nil {
		return nil, err
	}
	crash := inheritBlocking(crashFD, "crash output")
	if err := debug.SetCrashOutput(crash, debug.CrashOptions{}); err != nil {
		return nil, err
	}
	_ = crash.Close() // the runtime has a copy
	var first order
	if err := process.Read(w.orders, &first); err != nil || first.Start == nil {
		return nil, fmt.Errorf("the first order does not come: %w", err)
	}
	w.settings = first.Start
	if w.settings.Recorder {
		if w.recorder, err = abi.OpenRecorder(inheritBlocking(recorderFD, "recorder")); err != nil {
			return nil, err
		}
		if err := w.needs.add("its flight recorder", recorderFD); err != nil {
			return nil, err
		}
		if err := w.recorder.RecordFaults(); err != nil {
			return nil, fmt.Errorf("record faults: %w", err)
		}
	}
	for i := range w.settings.Listeners {
		file, err := inherit(firstListenerFD+i, "listener")
		if err != nil {
			return nil, err
		}
		ln, err := net.FileListener(file)
		_ = file.Close() // ln has a copy
		if err == nil {
			err = w.need("a listener", ln.(syscall.Conn))
		}
		if err != nil {
			return nil, fmt.Errorf("take over a listener: %w", err)
		}
		w.listen = append(w.listen, ln)
	}
	return pipe, errors.Join(w.need("the connection to its control process", w.orders), w.need("its log", pipe))
}

// need takes note of what the worker cannot do without.
func (w *worker) need(name string, of syscall.Conn) error {
	raw, err := of.SyscallConn()
	if err != nil {
		return err
	}
	controlled := raw.Control(func(fd uintptr) { err = w.needs.add(name, int(fd)) })
	return errors.Join(controlled, err)
}

// follow does what control says, until control is gone.
func (w *worker) follow() {
	for {
		var o order
		if err := process.Read(w.orders, &o); err != nil {
			// Another control may want the address: nothing is accepted any
			// more, but what is in flight is answered.
			w.drain(w.settings.DrainTimeout)
			time.AfterFunc(w.settings.DrainTimeout+cutMost, func() { os.Exit(1) }) // it hangs
			return
		}
		switch {
		case o.Cancel:
			w.cancel(o.ID)
		case o.Drain > 0:
			w.drain(o.Drain)
		case o.Cut:
			w.cut()
		case o.Accept:
			w.accept(o.ID)
		default:
			ctx, done := w.begin(o.ID)
			go func() {
				defer done()
				w.tell(w.do(ctx, o))
			}()
		}
	}
}

// begin makes an order one that can be canceled. Orders come one after the
// other, so that a cancel comes after this.
func (w *worker) begin(id uint64) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cancels[id] = cancel
	return ctx, func() { w.cancel(id) }
}

func (w *worker) cancel(id uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if cancel := w.cancels[id]; cancel != nil {
		cancel()
		delete(w.cancels, id)
	}
}

// do carries an order out.
func (w *worker) do(ctx context.Context, o order) (n news) {
	switch {
	case o.Report:
		n = reported(w.gateway.Report())
	case o.Test != nil:
		took, err := w.gateway.TestService(ctx, *o.Test)
		n = news{Took: took, Errors: wireErrors(err)}
	case o.Apply != nil:
		w.umask.putBack()
		n = news{Errors: wireErrors(w.gateway.Apply(ctx, *o.Apply))}
	default:
		n = news{Errors: wireErrors(errors.New("the order makes no sense"))}
	}
	n.ID = o.ID
	return n
}

// accept serves the listeners. That one of them cannot be served any more ends
// the worker: another one may fare better.
func (w *worker) accept(id uint64) {
	for _, ln := range w.listen {
		go func() {
			if err := w.gateway.Serve(ln); !errors.Is(err, gateway.ErrClosed) {
				w.ended <- fmt.Errorf("serve: %w", err)
			}
		}()
	}
	w.listen = nil
	w.tell(news{ID: id})
}

// drain ends the worker when what is in flight is done.
func (w *worker) drain(limit time.Duration) {
	w.ending.Do(func() {
		close(w.drains)
		for _, ln := range w.listen { // that nobody serves
			_ = ln.Close()
		}
		go func() {
			ctx, cancel := context.WithTimeout(w.cutting, limit)
			defer cancel()
			err := w.gateway.Shutdown(ctx)
			last := news{Drained: &drained{Errors: wireErrors(err)}}
			r := w.gateway.Report()
			last.Report = reported(r).Report
			w.tell(last)
			w.ended <- nil
		}()
	})
}

// tell sends news. Control that is gone does not hear them.
func (w *worker) tell(n news) {
	w.told.Lock()
	defer w.told.Unlock()
	_ = process.Write(w.orders, n)
}
