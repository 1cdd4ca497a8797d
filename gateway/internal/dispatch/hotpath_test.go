package dispatch

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/registry"
	"github.com/edge-gateway/edge-gateway/gateway/internal/routing"
)

// silentHost counts what a handler asks of it.
type silentHost struct{ callbacks int }

func (h *silentHost) Service(string, string) (abi.Service, abi.Status) {
	h.callbacks++
	return nil, abi.ErrUnsupported
}
func (h *silentHost) Log(slog.Level, string, string) { h.callbacks++ }

// needCC skips, or fails where everything is required.
func needCC(t testing.TB) string {
	cc, err := exec.LookPath("cc")
	if err == nil {
		return cc
	}
	if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" {
		t.Fatal("no C compiler: ", err)
	}
	t.Skip("no C compiler: ", err)
	return ""
}

// helloInC is the C hello sample, loaded.
func helloInC(t testing.TB, memory *abi.Memory, host abi.Host) *abi.Instance {
	t.Helper()
	return handlerInC(t, memory, host, "sdk-c/examples/hello/hello.c")
}

// handlerInC is a handler from one source of the repository, loaded.
func handlerInC(t testing.TB, memory *abi.Memory, host abi.Host, source string) *abi.Instance {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "handler.so")
	build := exec.Command(needCC(t), "-shared", "-fPIC", "-O2", "-I", filepath.Join(root, "abi"), "-I", filepath.Join(root, "sdk-c"),
		"-o", out, filepath.Join(root, source))
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	library, err := abi.Open(out, t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	instance, err := abi.Start(library, abi.Options{Endpoint: "one", Host: host, Memory: memory})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		instance.Shutdown()
		if _, err := instance.Unload(); err != nil {
			t.Error(err)
		}
	})
	return instance
}

// oneRequest is a dispatcher with one route to the C hello, and a request to
// it that has been parsed.
func oneRequest(t testing.TB, path, target string) (*Dispatcher, *fasthttp.RequestCtx, *conn, *silentHost) {
	t.Helper()
	host := &silentHost{}
	d, ctx, c := oneRequestTo(t, path, target, func(memory *abi.Memory) *abi.Instance { return helloInC(t, memory, host) })
	return d, ctx, c, host
}

func oneRequestTo(t testing.TB, path, target string, load func(*abi.Memory) *abi.Instance) (*Dispatcher, *fasthttp.RequestCtx, *conn) {
	t.Helper()
	memory, err := abi.NewMemory(64 << 20)
	if err != nil {
		t.Fatal(err)
	}
	recorder, err := abi.NewRecorder()
	if err == nil {
		t.Cleanup(func() { _ = recorder.Close() })
		memory.Record(recorder) // as in a worker: it is part of the path
	} else if !errors.Is(err, abi.ErrNoRecorder) {
		t.Fatal(err)
	}
	d := New(Options{
		Memory: memory, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), HeaderLimit: 16 << 10,
		MaxConns: 10, MaxNative: 10, MaxAnswer: 1 << 20,
	})
	t.Cleanup(func() { close(d.stop); d.scanner.Wait() })
	endpoint := registry.NewEndpoint("one", d.opts.Log)
	endpoint.SetLimits(registry.Limits{Timeout: time.Hour, MaxBody: 1 << 20, MaxConcurrency: 10, MaxNative: 10, MaxStuck: 1})
	endpoint.Swap(registry.Split{Current: endpoint.NewInstance(load(memory), "v1", "v1", 0)})
	pattern, err := config.ParsePattern(path)
	if err != nil {
		t.Fatal(err)
	}
	table, err := routing.New([]*routing.Route{{Pattern: pattern, Methods: []string{"GET"}, Endpoint: endpoint}})
	if err != nil {
		t.Fatal(err)
	}
	d.SetTable(table)

	client, server := net.Pipe()
	t.Cleanup(func() { client.Close(); server.Close() })
	c := &conn{Conn: server, d: d, peer: []byte("127.0.0.1:1")}
	ctx := &fasthttp.RequestCtx{}
	ctx.Init2(c, nil, false)
	raw := "GET " + target + " HTTP/1.1\r\nHost: example.com\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n"
	if err := ctx.Request.Header.Read(bufio.NewReader(bytes.NewBufferString(raw))); err != nil {
		t.Fatal(err)
	}
	return d, ctx, c
}

func serveOnce(d *Dispatcher, ctx *fasthttp.RequestCtx, c *conn) {
	ctx.Response.Reset()
	c.to(phaseHeld, phaseIdle)
	d.handle(ctx)
}

func TestHotPathAllocatesNothingOnAStaticRoute(t *testing.T) {
	d, ctx, c, host := oneRequest(t, "/hello", "/hello")
	serveOnce(d, ctx, c)
	if got := string(ctx.Response.Body()); ctx.Response.StatusCode() != 200 || got != "Hello, !" {
		t.Fatalf("status %d, body %q", ctx.Response.StatusCode(), got)
	}
	if n := testing.AllocsPerRun(2000, func() { serveOnce(d, ctx, c) }); n != 0 {
		t.Fatalf("%v allocations per request, want 0", n)
	}
	if host.callbacks != 0 {
		t.Fatalf("%d callbacks, want 0", host.callbacks)
	}
}

func TestARateAllocatesNothing(t *testing.T) {
	d, ctx, c, _ := oneRequest(t, "/hello", "/hello")
	serveOnce(d, ctx, c)
	e := d.table.Load().Find(ctx, nil, []byte("/hello")).Route.Endpoint
	limits := *e.Limits()
	for _, want := range []struct {
		slack  time.Duration
		status int
	}{{time.Hour, 200}, {0, 429}} {
		limits.Interval, limits.Slack = int64(time.Millisecond), int64(want.slack)
		e.SetLimits(limits)
		serveOnce(d, ctx, c)
		if n := testing.AllocsPerRun(2000, func() { serveOnce(d, ctx, c) }); n != 0 {
			t.Errorf("%v allocations per request, want 0", n)
		}
		if ctx.Response.StatusCode() != want.status {
			t.Errorf("status %d, want %d", ctx.Response.StatusCode(), want.status)
		}
	}
}

func TestHotPathAllocatesWithParametersWhatTheRouterDoes(t *testing.T) {
	d, ctx, c, _ := oneRequest(t, "/hello/{name}", "/hello/world")
	once := func() {
		ctx.ResetUserValues()
		serveOnce(d, ctx, c)
	}
	once()
	if got := string(ctx.Response.Body()); got != "Hello, world!" {
		t.Fatalf("body %q", got)
	}
	if n := testing.AllocsPerRun(2000, once); n > 3 {
		t.Fatalf("%v allocations per request, the router alone makes 3", n)
	}
}

func BenchmarkHotPathStatic(b *testing.B) {
	d, ctx, c, _ := oneRequest(b, "/hello", "/hello")
	b.ReportAllocs()
	for b.Loop() {
		serveOnce(d, ctx, c)
	}
}
