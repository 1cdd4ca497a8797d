package main

import (
	"context"
	"log/slog"
	"net"
	"os"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control"
	"github.com/edge-gateway/edge-gateway/gateway/internal/datadir"
	"github.com/edge-gateway/edge-gateway/gateway/internal/machine"
	"github.com/edge-gateway/edge-gateway/gateway/internal/upgrade"
	"github.com/edge-gateway/edge-gateway/gateway/internal/worker"
)

// serving is what serves: a gateway in this process, or one in a process of its
// own under a supervisor.
type serving interface {
	control.Worker
	Serve() error // until Shutdown
	Shutdown(context.Context) error
}

// here serves in this process.
type here struct {
	*gateway.Gateway
	listeners []net.Listener
	serving   chan struct{}
}

func (h here) Serve() error {
	failed := make(chan error, len(h.listeners))
	for _, ln := range h.listeners {
		go func() { failed <- h.Gateway.Serve(ln) }() // until Shutdown
	}
	close(h.serving)
	return <-failed
}

// leftOut is an endpoint, or a service, that a worker process could not start
// with.
type leftOut struct {
	endpoint gateway.Endpoint
	service  string // "" if it is an endpoint
	reason   string
}

// openWorker makes what serves. It takes the data directory.
func (s *server) openWorker(log *slog.Logger) error {
	options := gateway.Options{
		Dir: s.file.Server.Data, Log: log,
		HeaderLimit: int(s.file.Server.HeaderLimit), ReadTimeout: s.file.Server.ReadTimeout,
		IdleTimeout: s.file.Server.IdleTimeout, MaxConnections: s.file.Server.MaxConnections,
	}
	there := machine.Memory()
	boundMemory(&options, s.file.Server, there)
	for _, why := range questionable(options, there) {
		log.Warn("a bound of memory in [server] does not do what it is for", "reason", why)
	}
	if s.command.singleProcess() {
		if s.file.Server.Standby {
			log.Warn("standby in [server] has no effect: handlers run in this process, and no other can stand by for it")
		}
		options.Ended = func(e gateway.ProcessExit) { s.deaths.ended(e) }
		if s.command.AccessLog {
			options.Access = log
		}
		options.HardMemory = 0 // this process has more to do than to serve
		machine.FitGoMemory(options.Memory)
		g, err := gateway.New(options)
		if err != nil {
			return err
		}
		s.worker = here{g, s.sockets.http, s.serving}
		s.closers = append(s.closers, s.drain)
		return nil
	}
	if err := s.openData(options.Dir); err != nil {
		return err
	}
	s.closers = append(s.closers, s.dir.Close)
	var left []upgrade.Worker
	if s.before != nil {
		left = s.before.Workers
	}
	supervisor, err := worker.New(worker.Options{
		Gateway: options, Listeners: s.sockets.http, Log: log, Left: left,
		Serving: func() { close(s.serving) },
		Keep:    s.logs, Print: os.Stderr, Text: isTerminal(os.Stderr), AccessLog: s.command.AccessLog,
		DrainTimeout: s.file.Server.DrainTimeout, Standby: s.file.Server.Standby,
		Crashed: s.deaths.crashed, ProcessEnded: s.deaths.ended, Drained: s.deaths.drained,
		LeftOut:        func(endpoint gateway.Endpoint, reason string) { s.without(leftOut{endpoint: endpoint, reason: reason}) },
		LeftOutService: func(service, reason string) { s.without(leftOut{service: service, reason: reason}) },
	})
	if err != nil {
		return err
	}
	s.worker = supervisor
	s.closers = append(s.closers, s.drain)
	return nil
}

// without tells the control plane what a worker could not start with.
func (s *server) without(one leftOut) {
	select {
	case s.leftOut <- one:
	default: // the next change tells
	}
}

// openData takes the data directory.
func (s *server) openData(dir string) (err error) {
	if s.before == nil {
		s.dir, err = datadir.Open(dir)
		return err
	}
	lock, err := upgrade.Duplicate(s.before.Lock, "lock")
	if err == nil {
		s.dir, err = datadir.Inherit(dir, lock)
	}
	return err
}

// singleProcess tells whether handlers are loaded into this process. Where a
// process cannot inherit listeners there is no other way.
func (c serveCommand) singleProcess() bool { return c.SingleProcess || !worker.Supported }
