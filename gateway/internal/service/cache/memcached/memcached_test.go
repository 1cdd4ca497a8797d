package memcached

import (
	"fmt"
	"testing"
	"time"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache/cachetest"
)

func TestSuite(t *testing.T) {
	server := servertest.Memcached(t)
	cachetest.Suite(t, func(t testing.TB) *cache.Service {
		return cachetest.Open(t, Open, service.Spec{Options: cachetest.Options("servers", []string{server.Address}, "prefix", t.Name()+":")})
	})
}

func open(t testing.TB, workers int, servers ...string) *cache.Service {
	return cachetest.Open(t, Open, service.Spec{Workers: workers, Options: cachetest.Options("servers", servers)})
}

func TestPanic(t *testing.T) {
	cachetest.Panics(t, &backend{servers: servers{server(servertest.Memcached(t).Address)}, timeout: time.Second})
}

func TestAValueOverTheServersLimit(t *testing.T) {
	s := open(t, 1, servertest.Memcached(t).Address)
	put := func(size int) cachetest.Answer {
		return cachetest.Do(t, s, cache.Request{Op: cache.Put, Key: "k", Value: make([]byte, size)})
	}
	put(1).Want(t, "a small value", abi.OK)
	for _, size := range []int{1 << 20, 8 << 20, cache.MaxValue} {
		put(size).Want(t, fmt.Sprintf("%d bytes", size), abi.ErrTooLarge)
		put(1).Want(t, "a small value after it", abi.OK)
	}
}

func TestSeveralServers(t *testing.T) {
	a, b := servertest.Memcached(t), servertest.Memcached(t)
	s := open(t, 4, a.Address, b.Address)
	keys := make([]string, 100)
	for n := range keys {
		keys[n] = fmt.Sprintf("several/%d", n)
		cachetest.Do(t, s, cache.Request{Op: cache.Put, Key: keys[n], Value: []byte(keys[n])}).Want(t, "put", abi.OK)
	}
	for n, e := range cachetest.Do(t, s, cache.Request{Op: cache.Get, Keys: keys}).Want(t, "get", abi.OK).Entries {
		if string(e.Value) != keys[n] {
			t.Errorf("%s holds %q", keys[n], e.Value)
		}
	}
	a.Kill()
	up, down := 0, 0
	for _, key := range keys {
		switch answer := cachetest.Do(t, s, cache.Request{Op: cache.Get, Keys: []string{key}}); answer.Status() {
		case abi.OK:
			up++
		case abi.ErrUnavailable:
			down++
		default:
			t.Errorf("%s: %v", key, answer.Err)
		}
	}
	if up < 20 || down < 20 {
		t.Errorf("with one of two servers down %d keys can be read and %d cannot", up, down)
	}
	if err := s.Probe(t.Context()); err == nil {
		t.Error("the probe does not see the server that is down")
	}
	a.Start()
	if err := s.Probe(t.Context()); err != nil {
		t.Error(err)
	}
	cachetest.Do(t, s, cache.Request{Op: cache.Get, Keys: keys}).Want(t, "get", abi.OK)
}

// Another program's numbers have no flags of ours, and are padded by memcached.
func TestForeignNumbers(t *testing.T) {
	address := servertest.Memcached(t).Address
	s := open(t, 1, address)
	if err := memcache.New(address).Set(&memcache.Item{Key: "n", Value: []byte("10")}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []uint64{9, 8} {
		if got := cachetest.Do(t, s, cache.Request{Op: cache.Count, Key: "n", Delta: -1}).Want(t, "count", abi.OK).Number; got != want {
			t.Errorf("counted to %d, want %d", got, want)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, servers := range [][]string{nil, {"127.0.0.1"}, {"127.0.0.1:1", "x"}} {
		if _, err := Open(service.Spec{Options: cachetest.Options("servers", servers)}, service.Env{}); err == nil {
			t.Errorf("%q is taken", servers)
		}
	}
}

func TestSecondsAreRoundedUp(t *testing.T) {
	for ttl, want := range map[time.Duration]int32{0: 0, 1: 2, time.Second: 2, time.Second + 1: 3, relative*time.Second - time.Second: relative} {
		if got := expiration(ttl); got != want {
			t.Errorf("%v is %d, want %d", ttl, got, want)
		}
	}
	now := time.Now().Unix()
	if got := int64(expiration(relative * time.Second)); got < now+relative || got > now+relative+5 {
		t.Errorf("30 days are %d, want Unix time", got)
	}
}
