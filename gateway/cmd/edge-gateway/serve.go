package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/toolchain"
	"github.com/edge-gateway/edge-gateway/toolchain/watch"
)

// Every flag has a twin in the environment; a flag goes over the environment,
// which goes over the file.
type serveCommand struct {
	Config    string `help:"Configuration file." env:"EDGE_GATEWAY_CONFIG" default:"edge-gateway.toml" type:"path"`
	Listen    string `help:"Address to serve on, host:port." env:"EDGE_GATEWAY_LISTEN"`
	Data      string `help:"Data directory." env:"EDGE_GATEWAY_DATA" type:"path"`
	Watch     bool   `help:"Build and swap a handler when its source changes." env:"EDGE_GATEWAY_WATCH"`
	AccessLog bool   `help:"Write a line for each request." env:"EDGE_GATEWAY_ACCESS_LOG" default:"true" negatable:""`
}

// server is a gateway being served from a configuration file.
type server struct {
	command serveCommand
	gateway *gateway.Gateway
	builder *toolchain.Toolchain
	cut     context.Context // ends when the drain is to be cut short
	inForce atStart
	watcher *watch.Watcher // nil without --watch

	mu        sync.Mutex // serialises what changes the snapshot
	file      *config.File
	libraries map[string]string // source folder -> library last built from it
	bad       map[string]bool   // endpoints that cannot be served, and answer 503
}

func (c serveCommand) Run(ctx context.Context) error {
	if err := restartForGo(); err != nil {
		return err
	}
	debug.SetMaxThreads(20_000) // a blocking handler holds a thread for each call
	file, err := config.Load(c.Config)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w; name one with --config, or write a project with edge-gateway new", err)
	}
	if err != nil {
		return err
	}
	c.override(file)
	log := newLogger()

	// Signals are caught before the first build, which may take long.
	ctx, cut, stop := endings(ctx)
	defer stop()
	reload := make(chan os.Signal, 1)
	notifyReload(reload)
	defer signal.Stop(reload)

	ln, err := net.Listen("tcp", file.Server.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w; choose another address with --listen", file.Server.Listen, err)
	}
	defer ln.Close()
	options := gateway.Options{
		Dir: file.Server.Data, Log: log,
		HeaderLimit: int(file.Server.HeaderLimit), ReadTimeout: file.Server.ReadTimeout,
		IdleTimeout: file.Server.IdleTimeout, MaxConnections: file.Server.MaxConnections,
	}
	if c.AccessLog {
		options.Access = log
	}
	g, err := gateway.New(options)
	if err != nil {
		return err
	}
	s := &server{command: c, gateway: g, file: file, cut: cut, inForce: atStart(file.Server), libraries: map[string]string{}}
	s.builder, err = toolchain.New(toolchain.Config{CacheDir: filepath.Join(file.Server.Data, "build"), Exclude: []string{file.Server.Data}})
	if err == nil {
		err = s.serve(ctx, ln, reload)
	}
	return errors.Join(err, s.end())
}

// override puts flags and environment over the file, and defaults under it.
func (c serveCommand) override(file *config.File) {
	if c.Listen != "" {
		file.Server.Listen = c.Listen
	}
	if c.Data != "" {
		file.Server.Data = c.Data
	}
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
func (s *server) serve(ctx context.Context, ln net.Listener, reload <-chan os.Signal) error {
	var background sync.WaitGroup
	defer background.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := s.watch(); err != nil {
		return err
	}
	if err := s.start(ctx); err != nil {
		if ctx.Err() != nil {
			return s.end() // told to end before it served
		}
		return err
	}
	if s.watcher != nil {
		background.Go(func() { s.watcher.Run(ctx, func(dir string) { s.rebuild(ctx, dir) }) })
	}
	failed := make(chan error, 1)
	background.Go(func() { failed <- s.gateway.Serve(ln) })
	s.announce(ln.Addr())
	for {
		select {
		case <-ctx.Done():
			logger().Info("shutting down", "drain_timeout", s.file.Server.DrainTimeout.String())
			return s.end() // before the wait for Serve, which it ends
		case err := <-failed:
			return fmt.Errorf("serve: %w", err)
		case <-reload:
			s.reload(ctx)
		}
	}
}
