//go:build unix

package admin

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/failpoint"
)

// SocketName is the unix socket in the data directory.
const SocketName = "admin.sock"

// maxSocketPath is what an address of a unix socket holds, with its final NUL.
var maxSocketPath = len(syscall.RawSockaddrUnix{}.Path)

// ListenLocal listens on the unix socket in dir, for who owns dir alone: it is
// made in a folder that nobody else can enter, and moved once it has its mode.
// One that a process has left behind when it died is replaced.
func ListenLocal(dir string) (net.Listener, error) {
	path := filepath.Join(dir, SocketName)
	if len(path) >= maxSocketPath {
		return nil, fmt.Errorf("the path %s is too long for a unix socket, which has at most %d bytes; choose a data directory with a shorter path, or use a key over TCP", path, maxSocketPath-1)
	}
	if err := vacant(path); err != nil {
		return nil, err
	}
	closed := filepath.Join(dir, ".sock")
	if err := os.RemoveAll(closed); err != nil {
		return nil, fmt.Errorf("make the unix socket: %w", err)
	}
	if err := os.Mkdir(closed, 0o700); err != nil {
		return nil, fmt.Errorf("make the unix socket: %w", err)
	}
	defer os.RemoveAll(closed)
	made := filepath.Join(closed, "s") // no longer than path
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: made, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("make the unix socket: %w", err)
	}
	ln.SetUnlinkOnClose(false) // it will not lie there any more
	failpoint.Reach("socket.made", path)
	if err = os.Chmod(made, 0o600); err == nil {
		err = os.Rename(made, path)
	}
	failpoint.Reach("socket.named", path)
	var info fs.FileInfo
	if err == nil {
		info, err = os.Lstat(path)
	}
	if err != nil {
		ln.Close()
		return nil, fmt.Errorf("make the unix socket: %w", err)
	}
	return &localListener{UnixListener: ln, path: path, info: info}, nil
}

// vacant tells why no socket can be made at path, or nil.
func vacant(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("make the unix socket: %w", err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s is in the way of the unix socket; remove it", path)
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		conn.Close()
		return fmt.Errorf("another process listens on %s", path)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("find out whether another process listens on %s: %w", path, err)
	}
	return nil
}

// localListener removes its socket when it is closed, unless another process
// has put its own there.
type localListener struct {
	*net.UnixListener
	path   string
	info   fs.FileInfo
	kept   atomic.Bool
	remove sync.Once
}

// InheritLocal is ListenLocal for a process that has inherited the listener. Its
// socket is kept until Keep says otherwise.
func InheritLocal(dir string, ln net.Listener) (net.Listener, error) {
	unix, ok := ln.(*net.UnixListener)
	if !ok {
		return nil, fmt.Errorf("a listener of type %T is no unix socket", ln)
	}
	path := filepath.Join(dir, SocketName)
	info, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("take over the unix socket: %w", err)
	}
	l := &localListener{UnixListener: unix, path: path, info: info}
	l.Keep(true)
	return l, nil
}

// Keep tells whether the socket stays where it is when the listener is closed,
// since another program listens on it.
func (l *localListener) Keep(is bool) { l.kept.Store(is) }

func (l *localListener) Close() error {
	l.remove.Do(func() {
		if l.kept.Load() {
			return
		}
		if info, err := os.Lstat(l.path); err == nil && os.SameFile(info, l.info) {
			os.Remove(l.path)
		}
	})
	return l.UnixListener.Close()
}
