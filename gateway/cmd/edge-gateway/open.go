package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/admin"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/logs"
	"github.com/edge-gateway/edge-gateway/gateway/internal/upgrade"
	"github.com/edge-gateway/edge-gateway/toolchain"
)

// logBudget is how many bytes of logs are kept.
const logBudget = 64 << 20

// open makes what serves: the log, the gateway, its control plane and the admin
// API. What was opened is closed by end, whatever else happens.
func (s *server) open(ctx context.Context) (err error) {
	data := s.file.Server.Data
	// Nothing is written to the log before the data directory is locked.
	if s.logs, err = logs.Open(filepath.Join(data, "logs"), logBudget); err != nil {
		return fmt.Errorf("%w; choose another data directory with --data", err)
	}
	s.closers = append(s.closers, s.logs.Close)
	log := newLogger(s.logs.Handler)
	if err := s.openWorker(log); err != nil {
		return err
	}
	s.builder, err = toolchain.New(toolchain.Config{CacheDir: filepath.Join(data, "build"), Exclude: []string{data}})
	if err != nil {
		return err
	}
	options := control.Options{
		Dir: data, Worker: s.worker, Log: log, Toolchain: s.builder, Program: programVersion(), Address: s.sockets.http[0].Addr().String(),
	}
	if upgrade.Supported && !s.command.singleProcess() {
		options.Upgrade = s.beginUpgrade
	}
	s.control, err = control.Open(ctx, options)
	if err != nil {
		return err
	}
	s.deaths.tell(s.control)
	if s.before != nil {
		s.control.Upgraded(s.before.Upgrade)
	}
	s.closers = append(s.closers, func() error { return limited(5*time.Second, s.control.Close) })
	if token := s.control.FirstToken(); token != "" {
		fmt.Printf("The admin API has its first key, called first. Its token is shown this once: %s\n", token)
	}
	s.admin = admin.New(admin.Options{Control: s.control, Logs: s.logs, Log: log, Version: programVersion()})
	s.closers = append(s.closers, func() error { return limited(5*time.Second, s.admin.Shutdown) })
	return nil
}

func limited(limit time.Duration, end func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return end(ctx)
}

// defaultAdmin is where the admin API is if nobody says otherwise.
const defaultAdmin = "127.0.0.1:9090"

// serveAdmin serves the admin API, until it is shut down. That it cannot be had
// where nobody asked for it is no reason not to serve.
func (s *server) serveAdmin(background *sync.WaitGroup) error {
	serve := func(ln net.Listener, local bool) {
		background.Go(func() {
			if err := s.admin.Serve(ln, local); err != nil {
				logger().Error("the admin API ended", "address", ln.Addr().String(), "error", err)
			}
		})
	}
	if s.sockets.local == nil {
		ln, err := admin.ListenLocal(s.file.Server.Data)
		if err != nil {
			logger().Warn("the admin API has no unix socket", "error", err)
		} else {
			s.sockets.local = ln
		}
	}
	if s.sockets.local != nil {
		serve(s.sockets.local, true)
	}
	address := s.file.Server.Admin
	if address == config.AdminOff {
		if passed := s.sockets.admin; passed != nil {
			s.sockets.admin = nil
			return passed.Close()
		}
		return nil
	}
	chosen := address != ""
	if !chosen {
		address = defaultAdmin
	}
	ln, err := s.sockets.admin, error(nil)
	if ln == nil {
		ln, err = net.Listen("tcp", address)
	}
	switch {
	case err == nil:
		s.sockets.admin = ln
		serve(ln, false)
		logger().Info("serving the admin API", "address", "http://"+ln.Addr().String())
	case chosen:
		return fmt.Errorf("admin API on %s: %w; choose another address with --admin", address, err)
	default:
		logger().Warn("the admin API has its unix socket only; choose an address for TCP with --admin", "error", err)
	}
	return nil
}

// end closes what was opened, the last first, and once only.
func (s *server) end() error {
	var errs []error
	for len(s.closers) > 0 {
		last := len(s.closers) - 1
		closer := s.closers[last]
		s.closers = s.closers[:last]
		errs = append(errs, closer())
	}
	return errors.Join(errs...)
}
