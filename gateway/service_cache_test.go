package gateway_test

import (
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache/memory"
)

// caching serves the handler that uses a cache in memory, at /{how}.
func caching(t testing.TB) (c *rawclient.Conn, s *cache.Service) {
	t.Helper()
	opened, err := memory.Open(service.Spec{Name: "memory", Options: config.Options{"max_bytes": int64(1 << 20)}}, service.Env{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close(t.Context()) })
	_, address := start(t, gateway.Options{Services: map[string]abi.Service{cacheID: opened}},
		gateway.Snapshot{Endpoints: []gateway.Endpoint{endpoint("cache", "/{how}", build(t, "testdata/handlers/cache"))}})
	c, err = rawclient.Dial(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, opened.(*cache.Service)
}

const cacheID = abi.CacheID

func store(s *cache.Service, key, value string) {
	s.Submit(service.Call{}, cache.Request{Op: cache.Put, Key: key, Value: []byte(value), TTL: time.Hour}, func(cache.Result, error) {})
}

// One list with every operation; the memory driver does them in its order.
func TestAHandlerUsesACache(t *testing.T) {
	c, s := caching(t)
	store(s, "greeting", "hello from the cache")
	expect(t, c, "get?greeting", 200, "hello from the cache")
	expect(t, c, "get?nothing", 404, "")
	expect(t, c, "get?", 500, "-2")
	expect(t, c, "all", 200, " 0 -17 0=v-=v 0 -17 0=wxyz 0=7 0=4 -17 -12 -3 0 0 0 -12 -2 -2 -2 -2 -3")
}

// The cost of a GET through an awaiting handler, and of none at all.
func BenchmarkCacheGet(b *testing.B)   { benchmarkCache(b, "get?k") }
func BenchmarkCacheHello(b *testing.B) { benchmarkCache(b, "hello") }

func benchmarkCache(b *testing.B, target string) {
	c, s := caching(b)
	store(s, "k", "hello")
	request := []byte("GET /" + target + " HTTP/1.1\r\nHost: x\r\n\r\n")
	b.ReportAllocs()
	for b.Loop() {
		if r, err := c.Do(request); err != nil || r.Status != 200 {
			b.Fatal(r, err)
		}
	}
}
