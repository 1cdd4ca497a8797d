package memory

import (
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache"
)

// put stores a value. Compute holds the key's lock, so that what it looks at is
// what it replaces.
func (m *memory) put(r cache.Request) error {
	if size := weight(r.Key, r.Value); size > m.most {
		return cache.TooLarge(len(r.Value), max(0, m.most-weight(r.Key, nil)))
	}
	if r.Value == nil {
		r.Value = []byte{} // there, and empty
	}
	fresh := m.item(r.Value, r.TTL)
	if r.Mode == cache.Set {
		m.entries.Set(r.Key, fresh)
		return nil
	}
	var err error
	m.entries.Compute(r.Key, func(old item, found bool) (item, otter.ComputeOp) {
		switch {
		case found && r.Mode == cache.Add:
			err = cache.KeyExists()
		case !found && r.Mode != cache.Add:
			err = cache.NotFound()
		case r.Mode == cache.Swap && old.version != r.Version:
			err = cache.Changed()
		default:
			return fresh, otter.WriteOp
		}
		return old, otter.CancelOp
	})
	return err
}

// count adds to a number, which keeps its end of life.
func (m *memory) count(r cache.Request) (n uint64, err error) {
	m.entries.Compute(r.Key, func(old item, found bool) (item, otter.ComputeOp) {
		if !found {
			if !r.Create {
				err = cache.NotFound()
				return old, otter.CancelOp
			}
			n = r.Initial
			return m.item(cache.Text(n), r.TTL), otter.WriteOp
		}
		number, ok := cache.Number(old.value)
		if !ok {
			err = cache.NoNumber()
			return old, otter.CancelOp
		}
		if n, ok = cache.Counted(number, r.Delta); !ok {
			err = cache.Overflow()
			return old, otter.CancelOp
		}
		fresh := m.item(cache.Text(n), 0)
		fresh.expires = old.expires
		return fresh, otter.WriteOp
	})
	return n, err
}

// touch gives an entry another end of life. Its version stays.
func (m *memory) touch(r cache.Request) error {
	_, found := m.entries.Compute(r.Key, func(old item, found bool) (item, otter.ComputeOp) {
		if !found {
			return old, otter.CancelOp
		}
		old.expires = ends(r.TTL)
		return old, otter.WriteOp
	})
	if !found {
		return cache.NotFound()
	}
	return nil
}

func (m *memory) item(value []byte, ttl time.Duration) item {
	return item{value: value, version: m.versions.Add(1), expires: ends(ttl)}
}
