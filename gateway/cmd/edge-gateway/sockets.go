package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/admin"
	"github.com/edge-gateway/edge-gateway/gateway/internal/systemd"
	"github.com/edge-gateway/edge-gateway/gateway/internal/upgrade"
)

// sockets are what the program listens on: those that the program before has
// left, those that a service manager has passed, and else its own.
type sockets struct {
	http  []net.Listener
	admin net.Listener // over TCP; nil for none
	local net.Listener // likewise, of the admin API on this machine
}

// adminSocket is what a service manager calls the socket of the admin API. Any
// other is for requests.
const adminSocket = "admin"

// openSockets opens those that nobody has left or passed, but for those of the
// admin API.
func openSockets(file *config.File, before *upgrade.Inherited) (s sockets, err error) {
	if before != nil {
		return inheritSockets(file, before)
	}
	passed, err := systemd.Listeners()
	if err != nil {
		return s, err
	}
	var twice error
	for _, one := range passed {
		switch {
		case one.Name != adminSocket:
			s.http = append(s.http, one.Listener)
		case s.admin == nil:
			s.admin = one.Listener
		default:
			twice = errors.Join(one.Close(), fmt.Errorf("the service manager passes more than one socket called %q: the admin API has one", adminSocket))
		}
	}
	if twice != nil {
		s.close()
		return s, twice
	}
	if len(s.http) > 0 {
		return s, nil
	}
	ln, err := net.Listen("tcp", file.Server.Listen)
	if err != nil {
		s.close()
		return s, fmt.Errorf("listen on %s: %w; choose another address with --listen", file.Server.Listen, err)
	}
	s.http = []net.Listener{ln}
	return s, nil
}

func inheritSockets(file *config.File, before *upgrade.Inherited) (s sockets, err error) {
	listen := func(fd int) net.Listener {
		copied, failed := upgrade.Duplicate(fd, "a listener")
		if failed != nil {
			err = errors.Join(err, failed)
			return nil
		}
		defer copied.Close()
		ln, failed := net.FileListener(copied)
		err = errors.Join(err, failed)
		return ln
	}
	for _, fd := range before.HTTP {
		s.http = append(s.http, listen(fd))
	}
	if before.Admin != 0 {
		s.admin = listen(before.Admin)
	}
	if before.Local != 0 {
		s.local = listen(before.Local)
	}
	if err == nil && s.local != nil {
		s.local, err = admin.InheritLocal(file.Server.Data, s.local)
	}
	if err != nil {
		s.close()
		return s, fmt.Errorf("take over the listeners of the program before: %w", err)
	}
	return s, nil
}

// leave copies the descriptors for the next program.
func (s sockets) leave(to *upgrade.Inherited) error {
	var errs []error
	leave := func(ln net.Listener) (fd int) {
		conn, ok := ln.(syscall.Conn)
		if !ok {
			errs = append(errs, fmt.Errorf("a listener of type %T cannot be left", ln))
			return 0
		}
		fd, err := upgrade.Copy(conn)
		errs = append(errs, err)
		return fd
	}
	for _, ln := range s.http {
		to.HTTP = append(to.HTTP, leave(ln))
	}
	if s.admin != nil {
		to.Admin = leave(s.admin)
	}
	if s.keepLocal(true); s.local != nil {
		to.Local = leave(s.local)
	}
	return errors.Join(errs...)
}

// keepLocal tells whether the unix socket stays when its listener is closed.
func (s sockets) keepLocal(is bool) {
	if local, ok := s.local.(interface{ Keep(bool) }); ok {
		local.Keep(is)
	}
}

func (s sockets) close() {
	for _, ln := range append(s.http, s.admin, s.local) {
		if ln != nil {
			_ = ln.Close()
		}
	}
}

// program is where the running program was started from.
func program() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find the program's own file: %w", err)
	}
	return path, nil
}
