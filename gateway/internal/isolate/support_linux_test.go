package isolate_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
	"github.com/edge-gateway/edge-gateway/toolchain"
)

var builder *toolchain.Toolchain

func TestMain(m *testing.M) {
	gateway.Main()
	if os.Getenv(parent) != "" {
		beParent()
	}
	os.Exit(runAll(m))
}

func runAll(m *testing.M) int {
	cache, err := os.MkdirTemp("", "edge-gateway-test-*")
	if err == nil {
		defer os.RemoveAll(cache)
		builder, err = toolchain.New(toolchain.Config{CacheDir: cache})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// build compiles a handler in C.
func build(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "handler.c"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	library, err := builder.Build(t.Context(), dir)
	var missing *toolchain.MissingError
	if errors.As(err, &missing) && os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") != "1" {
		t.Skip(err)
	}
	var failed *toolchain.BuildError
	if errors.As(err, &failed) {
		t.Fatalf("%v\n%s", err, failed.Output)
	}
	if err != nil {
		t.Fatal(err)
	}
	return library.Path
}

// served is a gateway under test.
type served struct {
	*gateway.Gateway
	t       *testing.T
	dir     string
	address string
	log     *buffer
	exits   chan gateway.ProcessExit
}

// start serves isolated endpoints.
func start(t *testing.T, endpoints ...gateway.Endpoint) *served {
	t.Helper()
	s := &served{t: t, dir: t.TempDir(), log: &buffer{}, exits: make(chan gateway.ProcessExit, 100)}
	var err error
	s.Gateway, err = gateway.New(gateway.Options{
		Dir: s.dir, IdleGrace: 50 * time.Millisecond, Log: slog.New(slog.NewTextHandler(s.log, nil)),
		Ended: func(e gateway.ProcessExit) { s.exits <- e },
	})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = ln.Addr().String()
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	t.Cleanup(func() {
		if err := s.Shutdown(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, gateway.ErrClosed) {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(s.log.String())
		}
	})
	if err := s.Apply(t.Context(), gateway.Snapshot{Endpoints: endpoints}); err != nil {
		t.Fatal(err)
	}
	return s
}

// isolated is the usual endpoint.
func isolated(name, library string) gateway.Endpoint {
	return gateway.Endpoint{Name: name, Path: "/" + name, Library: library, Isolated: true}
}

// ask asks on a connection of its own.
func (s *served) ask(target string) (*rawclient.Response, error) {
	conn, err := rawclient.Dial(s.address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.Do([]byte("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n"))
}

// want asks and wants a status.
func (s *served) want(target string, status int) string {
	s.t.Helper()
	r, err := s.ask(target)
	if err != nil {
		s.t.Errorf("%s: %v", target, err)
		return ""
	}
	if r.Status != status {
		s.t.Errorf("%s answers %d %q, want %d", target, r.Status, r.Body, status)
	}
	return string(r.Body)
}

// wantSoon asks until the answer is 200: a process may be on its way that takes
// longer to start than a short deadline.
func (s *served) wantSoon(target string) {
	s.t.Helper()
	within(s.t, 10*time.Second, target+" answers 200", func() bool {
		r, err := s.ask(target)
		return err == nil && r.Status == 200
	})
}

// process is the report of an endpoint's process.
func (s *served) process(endpoint string) gateway.IsolationReport {
	s.t.Helper()
	for _, e := range s.Report().Endpoints {
		for _, v := range e.Versions {
			if e.Name == endpoint && v.Process != nil {
				return *v.Process
			}
		}
	}
	s.t.Fatalf("endpoint %s has no process", endpoint)
	panic("unreachable")
}

// exit is the next end of a process.
func (s *served) exit() gateway.ProcessExit {
	s.t.Helper()
	select {
	case e := <-s.exits:
		return e
	case <-time.After(20 * time.Second):
		s.t.Fatal("no process ended")
		panic("unreachable")
	}
}

func within(t *testing.T, limit time.Duration, what string, true func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !true(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// buffer has what was written to it.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *buffer) has(text string) bool { return strings.Contains(b.String(), text) }
