// Package servertest starts the real servers that tests of the services talk
// to, as child processes on free ports of the loopback interface.
package servertest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Need finds a program, or skips the test; where everything is required
// (EDGE_GATEWAY_TEST_REQUIRE_ALL=1) it fails. install says how to get it.
func Need(t testing.TB, install string, programs ...string) string {
	t.Helper()
	for _, program := range programs {
		if path, err := exec.LookPath(program); err == nil {
			return path
		}
	}
	if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" {
		t.Fatalf("%s is missing; %s", programs[0], install)
	}
	t.Skipf("%s is not installed; %s", programs[0], install)
	return ""
}

// Port is one that nobody listens on. It lies below those that systems hand out
// by themselves: a server that a test stops finds it free again when it starts
// it, although other tests connect and listen meanwhile.
func Port(t testing.TB) int {
	t.Helper()
	for range 1000 {
		ln, err := net.Listen("tcp", Loopback(10_000+rand.IntN(20_000)))
		if err == nil {
			defer ln.Close()
			return ln.Addr().(*net.TCPAddr).Port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// Server is a child process. Its methods are for one goroutine.
type Server struct {
	Address string // host:port

	t       testing.TB
	command func() *exec.Cmd
	ready   func(ctx context.Context) error
	output  output
	cmd     *exec.Cmd
	exited  chan struct{}
}

// Launch starts a server and waits until ready returns nil, at most 20 s. The
// test's end kills it, with the processes that it has started. command makes
// the command anew for each start.
func Launch(t testing.TB, address string, command func() *exec.Cmd, ready func(ctx context.Context) error) *Server {
	t.Helper()
	s := &Server{Address: address, t: t, command: command, ready: ready}
	t.Cleanup(s.Kill)
	s.Start()
	return s
}

// Start starts a server that was killed, at the same address.
func (s *Server) Start() {
	s.t.Helper()
	s.cmd = s.command()
	isolate(s.cmd)
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	if err := s.cmd.Start(); err != nil {
		s.t.Fatalf("start %s: %v", s.cmd.Path, err)
	}
	s.exited = make(chan struct{})
	go func() {
		_ = s.cmd.Wait()
		close(s.exited)
	}()
	deadline := time.Now().Add(20 * time.Second)
	for {
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		err := s.ready(ctx)
		cancel()
		if err == nil {
			return
		}
		select {
		case <-s.exited:
			s.t.Fatalf("%s ended while it was starting:\n%s", s.cmd.Path, s.output.String())
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s is not ready: %v\n%s", s.cmd.Path, err, s.output.String())
		}
	}
}

// Kill ends it at once, as a power failure would.
func (s *Server) Kill() {
	if s.cmd != nil && s.cmd.Process != nil {
		signalGroup(s.cmd, syscall.SIGKILL)
		<-s.exited
	}
}

// Dialing is a ready function for servers that are ready when they accept.
func Dialing(address string) func(context.Context) error {
	return func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err
	}
}

// Loopback is host:port on 127.0.0.1.
func Loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// output keeps the last 64 KiB of what a server prints.
type output struct {
	mu   sync.Mutex
	text []byte
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, p...)
	if extra := len(o.text) - 64<<10; extra > 0 {
		o.text = o.text[extra:]
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}
