package servertest

import (
	"context"
	"errors"
	"net"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// Redis starts a Redis server that keeps nothing on disk; args are more of its
// options.
func Redis(t testing.TB, args ...string) *Server {
	t.Helper()
	program := Need(t, "apt-get install redis-server", "redis-server", "valkey-server")
	port := Port(t)
	address := Loopback(port)
	args = append([]string{
		"--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--dir", t.TempDir(),
		"--save", "", "--appendonly", "no", "--daemonize", "no",
	}, args...)
	return Launch(t, address, func() *exec.Cmd { return exec.Command(program, args...) }, func(ctx context.Context) error { return pingRedis(ctx, address) })
}

// pingRedis is nil when the server answers, be it that it wants a password.
func pingRedis(ctx context.Context, address string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	answer := make([]byte, 7)
	if _, err := conn.Read(answer); err != nil {
		return err
	}
	if answer[0] == '-' && string(answer[1:4]) == "LOA" { // loading
		return errors.New("it is loading")
	}
	return nil
}
