// Package systemd speaks with a service manager: it takes sockets that the
// manager has opened, and tells how the service is. Without a manager all of it
// does nothing.
package systemd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// Manager is the service manager, if there is one. The zero value is none.
type Manager struct {
	socket   string // a path, or with "@" in front an abstract name
	watchdog string // microseconds
}

const (
	notifySocket = "NOTIFY_SOCKET"
	watchdogTime = "WATCHDOG_USEC"
	watchdogPID  = "WATCHDOG_PID"
)

// Take finds the manager in the environment, and takes it out of there: it is
// not for what this process starts.
func Take() (m Manager) {
	m.socket = os.Getenv(notifySocket)
	if pid := os.Getenv(watchdogPID); pid == "" || pid == strconv.Itoa(os.Getpid()) {
		m.watchdog = os.Getenv(watchdogTime)
	}
	for _, name := range []string{notifySocket, watchdogTime, watchdogPID} {
		_ = os.Unsetenv(name)
	}
	return m
}

// Environment is what the manager is found by, for a program that this process
// becomes.
func (m Manager) Environment() (env []string) {
	if m.socket != "" {
		env = append(env, notifySocket+"="+m.socket)
	}
	if m.watchdog != "" {
		env = append(env, watchdogTime+"="+m.watchdog)
	}
	return env
}

// Watchdog is within what time the manager wants to hear "WATCHDOG=1" again and
// again; 0 if it does not.
func (m Manager) Watchdog() time.Duration {
	n, err := strconv.ParseInt(m.watchdog, 10, 64)
	if err != nil || n <= 0 || m.socket == "" {
		return 0
	}
	return time.Duration(n) * time.Microsecond
}

// Tell tells it something; see sd_notify(3).
func (m Manager) Tell(assignments ...string) error {
	if m.socket == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: m.socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("reach the service manager: %w", err)
	}
	defer conn.Close()
	_, err = conn.Write([]byte(strings.Join(assignments, "\n")))
	if err != nil {
		return fmt.Errorf("tell the service manager: %w", err)
	}
	return nil
}

// Reloading is what is told before "READY=1" is told again.
func Reloading() []string {
	if now := monotonic(); now > 0 {
		return []string{"RELOADING=1", fmt.Sprintf("MONOTONIC_USEC=%d", now.Microseconds())}
	}
	return []string{"RELOADING=1"}
}

// Listener is one that the manager has opened.
type Listener struct {
	Name string // as the FileDescriptorName of its unit says
	net.Listener
}

// firstListener is the first descriptor that it passes.
const firstListener = 3

// Listeners takes the listeners that the manager has passed.
func Listeners() (all []Listener, err error) {
	const count, pid, names = "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"
	n, name := os.Getenv(count), strings.Split(os.Getenv(names), ":")
	mine := os.Getenv(pid) == strconv.Itoa(os.Getpid())
	for _, one := range []string{count, pid, names} {
		_ = os.Unsetenv(one)
	}
	if !mine {
		return nil, nil
	}
	passed, err := strconv.Atoi(n)
	if err != nil || passed < 0 {
		return nil, fmt.Errorf("%s=%q is no number of sockets", count, n)
	}
	defer func() {
		if err != nil {
			for _, one := range all {
				_ = one.Close()
			}
			all = nil
		}
	}()
	for i := range passed {
		file := os.NewFile(uintptr(firstListener+i), "socket")
		ln, failed := net.FileListener(file)
		_ = file.Close() // ln has a copy
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("socket %d of the service manager: %w", i+1, failed))
			continue
		}
		one := Listener{Listener: ln}
		if i < len(name) {
			one.Name = name[i]
		}
		all = append(all, one)
	}
	return all, err
}
