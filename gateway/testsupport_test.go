package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/toolchain"
)

var builder *toolchain.Toolchain

// TestMain starts the test binary again with what Go handlers need of the
// loader, and gives all tests one toolchain.
func TestMain(m *testing.M) {
	gateway.Main()
	os.Exit(runAll(m))
}

func runAll(m *testing.M) int {
	if err := restart(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
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

// build compiles a source folder and returns the library.
func build(t testing.TB, dir string) string {
	t.Helper()
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

// buildC compiles one file of C.
func buildC(t testing.TB, source string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.c"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	return build(t, dir)
}

// start serves a snapshot on a free port until the test ends.
func start(t testing.TB, opts gateway.Options, s gateway.Snapshot) (*gateway.Gateway, string) {
	t.Helper()
	if opts.Dir == "" {
		opts.Dir = t.TempDir()
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	if opts.IdleGrace == 0 {
		opts.IdleGrace = 50 * time.Millisecond // tests that measure a loss set their own
	}
	g, err := gateway.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	isolate(s.Endpoints)
	if err := g.Apply(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- g.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := g.Shutdown(ctx); err != nil {
			t.Error("shutdown: ", err)
		}
		if err := <-served; !errors.Is(err, gateway.ErrClosed) {
			t.Error("serve: ", err)
		}
	})
	return g, ln.Addr().String()
}

// endpoint is the usual one of a test.
func endpoint(name, path, library string) gateway.Endpoint {
	return gateway.Endpoint{Name: name, Path: path, Library: library, Isolated: isolating}
}

// isolating has libraries run in processes of their own; see isolated_linux_test.go.
var isolating = false

func isolate(all []gateway.Endpoint) {
	for i := range all {
		all[i].Isolated = isolating && all[i].Handler == nil
	}
}

// patched writes copies of a library in which a marker has another text of the
// same length: versions without a compiler.
func patched(t testing.TB, library, marker, text string) string {
	t.Helper()
	data, err := os.ReadFile(library)
	if err != nil {
		t.Fatal(err)
	}
	if len(marker) != len(text) || strings.Count(string(data), marker) == 0 {
		t.Fatalf("marker %q is not in the library, or not as long as %q", marker, text)
	}
	out := filepath.Join(t.TempDir(), text+toolchain.Extension())
	if err := os.WriteFile(out, []byte(strings.ReplaceAll(string(data), marker, text)), 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}

func restart() error {
	name, value, ok := abi.Environment()
	if ok {
		return nil
	}
	return execAgain(name + "=" + value)
}
