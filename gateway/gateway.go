// Package gateway serves HTTP by calling native functions: handlers in shared
// libraries, or Go functions of the program that embeds it.
//
// A [Gateway] converges to the [Snapshot] that it is given and serves it on any
// number of listeners:
//
//	g, err := gateway.New(gateway.Options{Dir: "data"})
//	err = g.Apply(ctx, gateway.Snapshot{Endpoints: []gateway.Endpoint{
//		{Name: "hello", Path: "/hello/{name}", Library: "hello.so"},
//	}})
//	err = g.Serve(listener)
//
// Applying another snapshot swaps what changed, without losing a request.
package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/datadir"
	"github.com/edge-gateway/edge-gateway/gateway/internal/dispatch"
	"github.com/edge-gateway/edge-gateway/gateway/internal/registry"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// Options of a gateway. A zero field means its default.
type Options struct {
	// Dir is the data directory. Required; one gateway at a time owns it,
	// unless it is Shared: then another process has locked it, for gateways
	// side by side in processes that it starts and looks after.
	Dir    string
	Shared bool

	// Log gets what is to be known of handlers and of the gateway; default
	// slog.Default(). Access gets a line for each request; default none.
	Log    *slog.Logger
	Access *slog.Logger

	// Services are those of the program that embeds the gateway, by ABI id:
	// a handler that looks one up gets it, under any name.
	Services map[string]abi.Service

	// Trial tells handlers, when they start, that no traffic follows, so that
	// they have no effect.
	Trial bool

	// Recorder notes what native code is at, for whoever watches over this
	// process; default none.
	Recorder *abi.Recorder

	// Ended hears of each process of an isolated endpoint that ended unordered,
	// before the next one starts. It must not wait for Apply.
	Ended func(ProcessExit)

	// Memory is how many resident bytes the process may have: above it new
	// requests get 503. Default: any.
	Memory int64

	// HardMemory is how many it can have, but for some milliseconds' worth: then
	// the system gives native code no more memory, where it knows how (Linux).
	// The limit is of the process as a whole (RLIMIT_DATA). Default: any.
	HardMemory int64

	// Worn hears that the process does better to be replaced: it has passed a
	// bound of Wear. It hears it again if the memory goes on growing, half above
	// its bound. It must not wait for the gateway.
	Wear Wear
	Worn func(reason string)

	HeaderLimit    int           // bytes of request line and headers; default 16 KiB
	ReadTimeout    time.Duration // of a whole request, its body included; default 30 s
	WriteTimeout   time.Duration // of an answer; default 5 min
	IdleTimeout    time.Duration // of a connection between requests; default 60 s
	IdleGrace      time.Duration // how long a connection is idle before a shutdown closes it; default 2 s
	MaxConnections int           // at a time; default 100,000
	MaxNative      int           // threads inside native code; default 512
	MaxAnswer      int64         // bytes of an answer's body; default 64 MiB
	MaxMemory      int64         // bytes lent to requests in blocks; default 1 GiB
}

func (o *Options) setDefaults() {
	setDefault(&o.Log, slog.Default())
	setDefault(&o.HeaderLimit, 16<<10)
	setDefault(&o.ReadTimeout, 30*time.Second)
	setDefault(&o.WriteTimeout, 5*time.Minute)
	setDefault(&o.IdleTimeout, time.Minute)
	setDefault(&o.IdleGrace, 2*time.Second)
	setDefault(&o.MaxConnections, 100_000)
	setDefault(&o.MaxNative, 512)
	setDefault(&o.MaxAnswer, 64<<20)
	setDefault(&o.MaxMemory, 1<<30)
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// ErrClosed is what Serve returns after Shutdown.
var ErrClosed = dispatch.ErrClosed

// ErrLocked says that the data directory belongs to another gateway.
var ErrLocked = datadir.ErrLocked

// Gateway serves snapshots. Its methods are safe for use from many goroutines.
type Gateway struct {
	opts     Options
	started  time.Time
	dir      *datadir.Dir
	memory   *abi.Memory
	dispatch *dispatch.Dispatcher
	builtin  map[string]abi.Service // by ABI id; under any name
	services services               // changed under mu

	ending   sync.Mutex    // serialises Shutdown
	stop     chan struct{} // ends the watcher
	watching sync.WaitGroup

	// endpoints, by name, are those of the snapshot in force. The map is
	// replaced, under mu, and never changed: who looks does not wait for Apply.
	endpoints atomic.Pointer[map[string]*registry.Endpoint]

	mu     sync.Mutex // serialises Apply; guards what follows
	closed bool
	ahead  ahead // while endpoints are planned
}

// New makes a gateway that serves nothing yet. It takes the data directory,
// until Shutdown.
func New(opts Options) (*Gateway, error) {
	if opts.Dir == "" {
		return nil, errors.New("a gateway needs a data directory")
	}
	opts.setDefaults()
	open := datadir.Open
	if opts.Shared {
		open = datadir.Join
	}
	dir, err := open(opts.Dir)
	if err != nil {
		return nil, err
	}
	memory, err := abi.NewMemory(opts.MaxMemory)
	if err != nil {
		_ = dir.Close()
		return nil, err
	}
	memory.Record(opts.Recorder)
	g := &Gateway{
		opts: opts, started: time.Now(), dir: dir, memory: memory,
		stop:    make(chan struct{}),
		builtin: map[string]abi.Service{service.TimerID: service.Timer{}},
		dispatch: dispatch.New(dispatch.Options{
			Memory: memory, Log: opts.Log, Access: opts.Access,
			HeaderLimit: opts.HeaderLimit, ReadTimeout: opts.ReadTimeout, WriteTimeout: opts.WriteTimeout, IdleTimeout: opts.IdleTimeout,
			IdleGrace: opts.IdleGrace, MaxConns: opts.MaxConnections,
			MaxNative: opts.MaxNative, MaxAnswer: opts.MaxAnswer,
		}),
	}
	g.endpoints.Store(&map[string]*registry.Endpoint{})
	g.services.life, g.services.cut = context.WithCancel(context.Background())
	g.services.running.Store(&map[string]service.Spec{})
	g.services.probes = map[string]context.CancelFunc{}
	for id, s := range opts.Services {
		g.builtin[id] = s
	}
	g.watching.Go(func() { (&watcher{g: g}).run(g.stop) })
	return g, nil
}

// Serve answers the connections of ln until Shutdown, and then returns
// [ErrClosed]. It closes ln.
func (g *Gateway) Serve(ln net.Listener) error { return g.dispatch.Serve(ln) }

// Shutdown stops accepting, lets requests finish, closes connections that have
// gone idle, and shuts every handler down. When ctx ends first, requests that
// wait are answered 503 and calls still in native code are left behind, with
// their handlers loaded; the error tells how many connections that concerned.
func (g *Gateway) Shutdown(ctx context.Context) error {
	g.ending.Lock()
	defer g.ending.Unlock()
	g.mu.Lock()
	closed := g.closed
	g.closed = true // from here on the endpoints stay as they are
	g.mu.Unlock()
	if closed {
		return nil
	}
	err := g.dispatch.Shutdown(ctx)
	close(g.stop)
	g.watching.Wait()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		endpoints := *g.endpoints.Load()
		for _, e := range endpoints {
			e.Swap(registry.Split{})
		}
		for _, e := range endpoints {
			e.Retired()
		}
	}()
	// Without an error nothing is in flight and this is quick. With one, a
	// call that never returns keeps its handler, and this goroutine, for good.
	patience := 5 * time.Second
	if errors.Is(err, context.Canceled) {
		patience = time.Second // whoever canceled has none
	}
	grace := time.NewTimer(patience)
	defer grace.Stop()
	select {
	case <-ended:
	case <-grace.C:
		err = errors.Join(err, errors.New("handlers were still at work and were left loaded"))
	}
	// What a hung backend still has is waited for, but not past ctx.
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(patience, g.services.cut) })
	defer stop()
	g.commitServices(&serviceChange{}) // after the handlers that use them
	g.services.probing.Wait()
	g.services.closing.Wait()
	return errors.Join(err, g.dir.Close())
}
