//go:build unix

package postgres

import (
	"context"
	"crypto/tls"
	"net"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// stale looks, without waiting, whether the server has closed a connection that
// nothing was asked on, or said that it will.
func stale(_ context.Context, pg *pgconn.PgConn, _ time.Duration) bool {
	var conn net.Conn = pg.Conn()
	secure, encrypted := conn.(*tls.Conn)
	if encrypted {
		conn = secure.NetConn()
	}
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return true
	}
	var first [1]byte
	var n int
	var readErr error
	// Not Read: pgx may have a read under way, after a write that took long, and
	// Read would wait for that one.
	if err := raw.Control(func(fd uintptr) {
		n, _, readErr = syscall.Recvfrom(int(fd), first[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	}); err != nil {
		return true
	}
	switch {
	case readErr == syscall.EAGAIN || readErr == syscall.EINTR:
		return false
	case readErr != nil || n == 0:
		return true
	}
	// Something was sent: an error is the last word of a server that goes down.
	// What is encrypted is not known, and nothing else is expected.
	return encrypted || first[0] == 'E'
}
