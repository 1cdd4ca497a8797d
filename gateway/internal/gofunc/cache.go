package gofunc

import (
	"bytes"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	"github.com/edge-gateway/edge-gateway/sdk-go/backend"
)

// caching runs the operations of a cache.
type caching struct{ lent[*cache.Service] }

func (s *services) Cache(name string) (edge.Cache, error) {
	l, err := lend[*cache.Service](s, name)
	if err != nil {
		return nil, err
	}
	return backend.NewCache(caching{l}), nil
}

func (c caching) do(r cache.Request) (cache.Result, error) {
	return await(c.lent, edge.ErrDeadline, func(s *cache.Service, call service.Call, done func(cache.Result, error)) func() {
		return s.Submit(call, r, done)
	})
}

func (c caching) Get(keys []string) ([]edge.CacheEntry, error) {
	result, err := c.do(cache.Request{Op: cache.Get, Keys: keys})
	if err != nil {
		return nil, err
	}
	entries := make([]edge.CacheEntry, len(result.Entries))
	for n, e := range result.Entries {
		// The memory driver shows what it holds, and the handler may write to
		// what it gets.
		entries[n] = edge.CacheEntry{Value: bytes.Clone(e.Value), Version: e.Version}
	}
	return entries, nil
}

func (c caching) Put(p backend.CachePut) error {
	_, err := c.do(cache.Request{
		Op: cache.Put, Mode: cache.Mode(p.Mode), Key: p.Key, Value: bytes.Clone(p.Value), TTL: p.TTL, Version: p.Version,
	})
	return err
}

func (c caching) Delete(key string) error {
	_, err := c.do(cache.Request{Op: cache.Delete, Key: key})
	return err
}

func (c caching) Exists(key string) error {
	_, err := c.do(cache.Request{Op: cache.Exists, Key: key})
	return err
}

func (c caching) Count(n backend.CacheCount) (uint64, error) {
	result, err := c.do(cache.Request{
		Op: cache.Count, Key: n.Key, Delta: n.Delta, Create: n.Create, Initial: n.Initial, TTL: n.TTL,
	})
	return result.Number, err
}

func (c caching) Touch(key string, ttl time.Duration) error {
	_, err := c.do(cache.Request{Op: cache.Touch, Key: key, TTL: ttl})
	return err
}
