package dispatch

import (
	"log/slog"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache/memory"
)

// cacheHost lends a memory cache.
type cacheHost struct{ cache abi.Service }

func (h cacheHost) Service(id, _ string) (abi.Service, abi.Status) {
	if id != abi.CacheID {
		return nil, abi.ErrUnsupported
	}
	return h.cache, abi.OK
}
func (cacheHost) Log(slog.Level, string, string) {}

// cachedRequest is a request to a handler that answers with what a memory cache
// has.
func cachedRequest(t testing.TB, source string) (serve func(), ctx *fasthttp.RequestCtx) {
	t.Helper()
	cache, err := memory.Open(service.Spec{
		Name: "cache", Kind: "cache", Driver: "memory", Workers: 1, Mailbox: 1, Timeout: time.Minute,
		Options: config.Options{"max_bytes": int64(1 << 20)},
	}, service.Env{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cache.Close(t.Context()) })
	handle := &service.Handle{Name: "cache"}
	handle.Set(cache)
	d, ctx, c := oneRequestTo(t, "/cached", "/cached", func(memory *abi.Memory) *abi.Instance {
		return handlerInC(t, memory, cacheHost{handle.As(abi.CacheID)}, source)
	})
	serve = func() { serveOnce(d, ctx, c) }
	for range 2 { // not there, then there
		serve()
		if got := string(ctx.Response.Body()); ctx.Response.StatusCode() != 200 || got != "Hello, world!" {
			t.Fatalf("status %d, body %q", ctx.Response.StatusCode(), got)
		}
	}
	return serve, ctx
}

// The list of operations, its keys, the key, the entries and the result.
func TestReadingAMemoryCacheAllocatesFiveTimes(t *testing.T) {
	serve, _ := cachedRequest(t, "bench/handlers/cached/cached.c")
	if n := testing.AllocsPerRun(2000, serve); n > 5 {
		t.Fatalf("%v allocations per request, want at most 5", n)
	}
}

// What reading a memory cache costs a handler, beside one that answers by
// itself.
func BenchmarkMemoryCacheBesideHello(b *testing.B) {
	d, ctx, c := oneRequestTo(b, "/cached", "/cached", func(memory *abi.Memory) *abi.Instance {
		return handlerInC(b, memory, &silentHost{}, "bench/handlers/static/static.c")
	})
	hello := func() { serveOnce(d, ctx, c) }
	for _, one := range []struct{ name, source string }{
		{"await", "bench/handlers/cached/cached.c"}, {"blocking", "bench/handlers/cached_blocking/cached_blocking.c"},
	} {
		b.Run(one.name, func(b *testing.B) {
			serve, _ := cachedRequest(b, one.source)
			beside(b, "hello", hello, one.name, serve)
			b.ReportMetric(testing.AllocsPerRun(1000, serve), "allocs/request")
		})
	}
}
