package memcached

import (
	"bytes"
	"errors"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache"
)

// Memcached's incr wraps at 2^64. It is used only where that cannot happen: for
// numbers below one bound and steps below the other, which no count of other
// clients between our look and our step could get over.
const (
	safeNumber = 1 << 62
	safeStep   = 1 << 32
)

// count looks at the number, for what memcached itself does not see to, and
// then counts by incr or decr, or near the top by compare-and-swap. Another
// client that gets in between has it start again. It ends with the operation's
// time at the latest, since every step does.
func (c *conn) count(key string, r *cache.Request) (uint64, error) {
	for {
		n, again, err := c.tryCount(key, r)
		if !again {
			return n, err
		}
	}
}

func (c *conn) tryCount(key string, r *cache.Request) (n uint64, again bool, err error) {
	if err := c.ctx.Err(); err != nil {
		return 0, false, err
	}
	item, err := c.client.Get(key)
	if errors.Is(err, memcache.ErrCacheMiss) {
		if !r.Create {
			return 0, false, cache.NotFound()
		}
		err = c.client.Add(newItem(key, cache.Text(r.Initial), r.TTL))
		return r.Initial, errors.Is(err, memcache.ErrNotStored), err
	}
	if err != nil {
		return 0, false, err
	}
	text := valueOf(item)
	if item.Flags != isBytes {
		text = bytes.TrimRight(text, " ") // another program's number, counted down
	}
	number, ok := cache.Number(text)
	if !ok {
		return 0, false, cache.NoNumber()
	}
	if n, ok = cache.Counted(number, r.Delta); !ok {
		return 0, false, cache.Overflow()
	}
	step := cache.Magnitude(r.Delta)
	switch {
	case r.Delta < 0:
		n, err = c.client.Decrement(key, step)
	case number < safeNumber && step < safeStep:
		n, err = c.client.Increment(key, step)
	default:
		item.Value, item.Expiration = cache.Text(n), numberExpiration(item.Flags)
		err = c.client.CompareAndSwap(item)
	}
	switch {
	case errors.Is(err, memcache.ErrCacheMiss), errors.Is(err, memcache.ErrCASConflict), errors.Is(err, memcache.ErrNotStored):
		return 0, true, nil
	case err != nil && bytes.Contains([]byte(err.Error()), []byte("non-numeric")):
		return 0, false, cache.NoNumber()
	}
	return n, false, err
}
