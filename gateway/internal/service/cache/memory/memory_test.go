package memory

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache/cachetest"
)

func TestSuite(t *testing.T) {

	cachetest.Suite(t, func(t testing.TB) *cache.Service {
		return cachetest.Open(t, Open, service.Spec{Options: cachetest.Options("max_bytes", int64(64<<20))})
	})
}

func open(t testing.TB, bytes int) *cache.Service {
	return cachetest.Open(t, Open, service.Spec{Options: cachetest.Options("max_bytes", int64(bytes))})
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Many small entries and few great ones alike stay below the bound.
func TestBytesAreBounded(t *testing.T) {
	const most = 8 << 20
	for _, size := range []int{0, 100, 10_000, 1_000_000} {
		before := heap()
		s := open(t, most)
		for n := range 2 * most / (size + Overhead) {
			cachetest.Do(t, s, cache.Request{Op: cache.Put, Key: fmt.Sprintf("%016d", n), Value: make([]byte, size)}).Want(t, "put", abi.OK)
		}
		used := heap() - before
		t.Logf("values of %d bytes: %d KiB of heap for %d KiB", size, used>>10, most>>10)
		if used > most*5/4 {
			t.Errorf("values of %d bytes: %d bytes of heap for a bound of %d", size, used, most)
		}
		runtime.KeepAlive(s)
	}
}

func TestAValueOverTheBound(t *testing.T) {
	s := open(t, 10_000)
	cachetest.Do(t, s, cache.Request{Op: cache.Put, Key: "k", Value: make([]byte, 10_000)}).Want(t, "put", abi.ErrTooLarge)
	cachetest.Do(t, s, cache.Request{Op: cache.Put, Mode: cache.Add, Key: "k", Value: make([]byte, 9_000)}).Want(t, "put", abi.OK)
}

func TestManyValuesAtOnce(t *testing.T) {
	s := open(t, 256<<20)
	cachetest.Do(t, s, cache.Request{Op: cache.Put, Key: "k", Value: make([]byte, 33<<20)}).Want(t, "put", abi.OK)
	cachetest.Do(t, s, cache.Request{Op: cache.Get, Keys: []string{"k"}}).Want(t, "get", abi.OK)
	cachetest.Do(t, s, cache.Request{Op: cache.Get, Keys: []string{"k", "k"}}).Want(t, "get twice", abi.ErrTooLarge)
}

func TestClosed(t *testing.T) {
	before := runtime.NumGoroutine()
	s := open(t, 1<<20)
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	cachetest.Do(t, s, cache.Request{Op: cache.Get, Keys: []string{"k"}}).Want(t, "get", abi.ErrClosing)
	if err := s.Probe(t.Context()); err == nil {
		t.Error("a closed cache probes well")
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines are left over", after-before)
	}
}

func TestAGetAllocatesItsEntriesAlone(t *testing.T) {
	s := open(t, 1<<20)
	cachetest.Do(t, s, cache.Request{Op: cache.Put, Key: "k", Value: []byte("v")}).Want(t, "put", abi.OK)
	get := cache.Request{Op: cache.Get, Keys: []string{"k"}}
	done := func(cache.Result, error) {}
	if got := testing.AllocsPerRun(1000, func() { s.Submit(service.Call{}, get, done) }); got > 1 {
		t.Errorf("%v allocations", got)
	}
}

func BenchmarkGet(b *testing.B) {
	s := open(b, 1<<20)
	cachetest.Do(b, s, cache.Request{Op: cache.Put, Key: "k", Value: []byte("v")}).Want(b, "put", abi.OK)
	get := cache.Request{Op: cache.Get, Keys: []string{"k"}}
	done := func(cache.Result, error) {}
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			s.Submit(service.Call{}, get, done)
		}
	})
}
