// Package memory is a cache in this process, bounded by bytes. It needs no
// worker: an operation is a look into a map, and is answered while it is asked.
package memory

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/maypok86/otter/v2"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/actor"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache"
)

// Overhead is what an entry is taken to need beside its key and value, so that
// many small entries are bounded too: measured, rounded up.
const Overhead = 192

type memory struct {
	entries  *otter.Cache[string, item]
	most     int           // bytes
	versions atomic.Uint64 // the last that was given
	done     atomic.Uint64
	closed   atomic.Bool
}

// item is an entry. Its value is never written to.
type item struct {
	value   []byte
	version uint64
	expires int64 // by the cache's clock; 0: never
}

// Open makes an empty cache.
func Open(spec service.Spec, _ service.Env) (service.Service, error) {
	m := &memory{most: int(spec.Options.Int("max_bytes"))}
	var err error
	m.entries, err = otter.New(&otter.Options[string, item]{
		MaximumWeight:    uint64(max(m.most, 1)),
		Weigher:          func(key string, it item) uint32 { return uint32(weight(key, it.value)) },
		ExpiryCalculator: expiry{},
		Clock:            clock{},
		// Upkeep runs on whoever causes it, so that a burst of writes is not
		// ahead of the evictions that it needs.
		Executor: func(task func()) { task() },
	})
	if err != nil {
		return nil, err
	}
	return cache.New(m), nil
}

func weight(key string, value []byte) int { return len(key) + len(value) + Overhead }

// Submit implements cache.Driver, at once.
func (m *memory) Submit(_ service.Call, r cache.Request, done func(cache.Result, error)) (cancel func()) {
	done(m.Do(r))
	return func() {}
}

// Do implements cache.Inline.
func (m *memory) Do(r cache.Request) (result cache.Result, err error) {
	if m.closed.Load() {
		return result, actor.ErrClosed
	}
	m.done.Add(1)
	switch r.Op {
	case cache.Get:
		result.Entries, err = m.get(r.Keys)
	case cache.Put:
		err = m.put(r)
	case cache.Delete:
		if _, was := m.entries.Invalidate(r.Key); !was {
			err = cache.NotFound()
		}
	case cache.Exists:
		if _, is := m.entries.GetIfPresent(r.Key); !is {
			err = cache.NotFound()
		}
	case cache.Count:
		result.Number, err = m.count(r)
	case cache.Touch:
		err = m.touch(r)
	}
	return result, err
}

func (m *memory) get(keys []string) ([]cache.Entry, error) {
	entries := make([]cache.Entry, len(keys))
	var budget cache.Budget
	for n, key := range keys {
		if it, ok := m.entries.GetIfPresent(key); ok {
			entries[n] = cache.Entry{Value: it.value, Version: it.version}
			if err := budget.Take(it.value); err != nil {
				return nil, err
			}
		}
	}
	return entries, nil
}

// Probe implements cache.Driver: there is nothing to reach.
func (m *memory) Probe(context.Context) error {
	if m.closed.Load() {
		return errors.New("the cache is closed")
	}
	return nil
}

// Stats counts operations; the rest of it is for actors.
func (m *memory) Stats() actor.Stats { return actor.Stats{Done: m.done.Load()} }

// Close implements cache.Driver.
func (m *memory) Close(context.Context) error {
	if !m.closed.Swap(true) {
		m.entries.StopAllGoroutines()
		m.entries.InvalidateAll()
	}
	return nil
}
