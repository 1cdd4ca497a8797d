package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/admin"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/logs"
	"github.com/edge-gateway/edge-gateway/gateway/internal/datadir"
	"github.com/edge-gateway/edge-gateway/gateway/internal/pid1"
	"github.com/edge-gateway/edge-gateway/gateway/internal/systemd"
	"github.com/edge-gateway/edge-gateway/gateway/internal/upgrade"
	"github.com/edge-gateway/edge-gateway/toolchain"
	"github.com/edge-gateway/edge-gateway/toolchain/watch"
)

// Every flag has a twin in the environment; a flag goes over the environment,
// which goes over the file.
type serveCommand struct {
	Config        string `help:"Configuration file; default: edge-gateway.toml, if it is there. Without one, what the admin API has made is served." env:"EDGE_GATEWAY_CONFIG" type:"path"`
	Listen        string `help:"Address to serve on, host:port." env:"EDGE_GATEWAY_LISTEN"`
	Admin         string `help:"Address of the admin API, host:port, or off; default 127.0.0.1:9090." env:"EDGE_GATEWAY_ADMIN"`
	Data          string `help:"Data directory." env:"EDGE_GATEWAY_DATA" type:"path"`
	Watch         bool   `help:"Build and swap a handler when its source changes." env:"EDGE_GATEWAY_WATCH"`
	SingleProcess bool   `help:"Load handlers into this process, and none beside it: a crash in one of them ends everything." env:"EDGE_GATEWAY_SINGLE_PROCESS"`
	Standby       bool   `help:"Have another worker process stand by, with all loaded, for when the one that serves ends." env:"EDGE_GATEWAY_STANDBY"`
	Check         bool   `help:"Tell whether it could serve, and end."`
	AccessLog     bool   `help:"Write a line for each request." env:"EDGE_GATEWAY_ACCESS_LOG" default:"true" negatable:""`
}

// server is a gateway being served, with its control plane.
type server struct {
	command serveCommand
	logs    *logs.Store
	worker  serving
	control *control.Control
	admin   *admin.API
	builder *toolchain.Toolchain
	cut     context.Context // ends when the drain is to be cut short
	inForce atStart
	watcher *watch.Watcher // nil without --watch
	leftOut chan leftOut
	deaths  deaths
	manager systemd.Manager
	sockets sockets
	dir     *datadir.Dir // nil in a single process

	before   *upgrade.Inherited // of the program before; nil without one, and once this one serves
	upgrades chan pending
	next     pending
	leaving  bool              // for another program
	left     bool              // all that it gets
	leaves   upgrade.Inherited // to it
	serving  chan struct{}     // closed when requests are accepted

	closers []func() error // of what was opened, in that order

	mu        sync.Mutex // serialises what changes the file's part
	file      *config.File
	libraries map[string]string // source folder -> library last built from it
	bad       map[string]bool   // endpoints that cannot be served, and answer 503
}

func (c serveCommand) Run(ctx context.Context) error {
	if c.Standby && c.SingleProcess {
		return usageError{errors.New("--standby has a second worker process stand by, and with --single-process there is none: choose one of them")}
	}
	if c.Check {
		return c.check()
	}
	if status, is, err := pid1.Run(); is && err == nil {
		os.Exit(status)
	} else if is {
		return err
	}
	if c.singleProcess() {
		if err := restartForGo(); err != nil {
			return err
		}
		debug.SetMaxThreads(20_000) // a blocking handler holds a thread for each call
	}
	before, err := upgrade.Take()
	if err != nil {
		return err
	}
	s := &server{
		command: c, libraries: map[string]string{}, leftOut: make(chan leftOut, 16),
		before: before, manager: systemd.Take(), upgrades: make(chan pending, 1), serving: make(chan struct{}),
	}
	return s.run(ctx)
}

// run serves, and has the process become another program after that if it is to
// be replaced: by a new one, or, if this one was to replace another and did not
// get as far as serving, by that.
func (s *server) run(ctx context.Context) error {
	inTime := func() bool { return true }
	if s.before != nil {
		inTime = s.startInTime(s.before)
	}
	err := s.runUntilEnd(ctx, inTime)
	switch {
	case s.left:
		return s.become()
	case err != nil && s.before != nil && s.before.Back != 0 && inTime():
		return errors.Join(err, s.before.Return(err, s.manager.Environment()))
	}
	return err
}

func (s *server) runUntilEnd(ctx context.Context, inTime func() bool) (err error) {
	if s.file, err = s.command.load(); err != nil {
		return err
	}
	s.inForce = atStart(s.file.Server)

	// Signals are caught before the first build, which may take long.
	ctx, cut, stop := endings(ctx)
	defer stop()
	s.cut = cut
	reload := make(chan os.Signal, 1)
	notifyReload(reload)
	defer signal.Stop(reload)

	if s.sockets, err = openSockets(s.file, s.before); err != nil {
		return err
	}
	defer s.sockets.close()
	if err = s.open(ctx); err == nil {
		err = s.serve(ctx, reload, inTime)
	}
	return errors.Join(err, s.end())
}

// defaultConfig is read if it is there and no other file is named.
const defaultConfig = "edge-gateway.toml"

// load reads the configuration file, if there is one.
func (c serveCommand) load() (*config.File, error) {
	path := c.Config
	if path == "" {
		path = defaultConfig
	}
	file, err := config.Load(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && c.Config == "":
		dir, err := os.Getwd()
		if err != nil {
			return nil, err
		}
		file = &config.File{Dir: dir}
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w; name one with --config, or write a project with edge-gateway new", err)
	case err != nil:
		return nil, err
	}
	c.override(file)
	return file, nil
}

// override puts flags and environment over the file, and defaults under it.
func (c serveCommand) override(file *config.File) {
	if c.Listen != "" {
		file.Server.Listen = c.Listen
	}
	if c.Data != "" {
		file.Server.Data = c.Data
	}
	if c.Admin != "" {
		file.Server.Admin = c.Admin
	}
	file.Server.Standby = file.Server.Standby || c.Standby
	if file.Server.Listen == "" {
		file.Server.Listen = "127.0.0.1:8080"
	}
	if file.Server.Data == "" {
		file.Server.Data = filepath.Join(file.Dir, "data")
	}
	if file.Server.DrainTimeout == 0 {
		file.Server.DrainTimeout = 30 * time.Second
	}
}

// serve runs until ctx ends.
func (s *server) serve(ctx context.Context, reload <-chan os.Signal, inTime func() bool) (err error) {
	var background sync.WaitGroup
	defer background.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer func() { // before the wait for what serves, which it ends
		if s.leaving = errors.Is(err, errUpgrade); s.leaving {
			s.tell(systemd.Reloading()...)
			err = s.sockets.leave(&s.leaves)
		}
		err = errors.Join(err, s.end())
	}()
	if err := s.watch(); err != nil {
		return err
	}
	if err := s.serveAdmin(&background); err != nil {
		return err
	}
	if err := s.start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // told to end before it served
		}
		return err
	}
	if s.watcher != nil {
		background.Go(func() { s.watcher.Run(ctx, func(dir string) { s.rebuild(ctx, dir) }) })
	}
	failed := make(chan error, 1)
	background.Go(func() { failed <- s.worker.Serve() })
	serving := s.serving
	for {
		select {
		case <-serving:
			serving = nil
			if !inTime() && s.before != nil {
				continue // the program before is about to be back
			}
			s.settle()
			s.announce(ctx)
			background.Go(func() { s.beat(ctx) })
		case s.next = <-s.upgrades:
			return errUpgrade
		case <-ctx.Done():
			logger().Info("shutting down", "drain_timeout", s.file.Server.DrainTimeout.String())
			s.tell("STOPPING=1")
			return nil
		case err := <-failed:
			return fmt.Errorf("serve: %w", err)
		case <-reload:
			s.tell(systemd.Reloading()...)
			s.reload(ctx)
			s.tell("READY=1")
		case one := <-s.leftOut:
			if one.service != "" {
				s.control.LeaveOutService(ctx, one.service, one.reason)
				continue
			}
			s.control.LeaveOut(ctx, one.endpoint, one.reason)
		}
	}
}
