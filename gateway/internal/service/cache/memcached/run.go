package memcached

import (
	"errors"
	"strings"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache"
)

func (c *conn) run(r *cache.Request) (result cache.Result, err error) {
	key := ""
	if r.Op != cache.Get {
		key = c.backend.wire(r.Key)
	}
	switch r.Op {
	case cache.Get:
		result.Entries, err = c.get(r.Keys)
	case cache.Put:
		err = c.put(key, r)
	case cache.Delete:
		err = missing(c.client.Delete(key))
	case cache.Exists:
		_, err = c.client.Get(key) // there is no lesser way to ask
		err = missing(err)
	case cache.Count:
		result.Number, err = c.count(key, r)
	case cache.Touch:
		err = missing(c.client.Touch(key, expiration(r.TTL)))
	}
	return result, err
}

// batch is how many keys are read at a time: so many values of 1 MiB are as
// much as a Get may read.
const batch = 64

func (c *conn) get(keys []string) ([]cache.Entry, error) {
	entries := make([]cache.Entry, len(keys))
	wire := make([]string, len(keys))
	for n, key := range keys {
		wire[n] = c.backend.wire(key)
	}
	if len(keys) == 1 {
		item, err := c.client.Get(wire[0])
		if errors.Is(err, memcache.ErrCacheMiss) {
			return entries, nil
		}
		if err == nil {
			entries[0] = cache.Entry{Value: valueOf(item), Version: item.CasID}
		}
		return entries, err
	}
	var budget cache.Budget
	for from := 0; from < len(wire); from += batch {
		part := wire[from:min(from+batch, len(wire))]
		items, err := c.client.GetMulti(part)
		if err != nil {
			return nil, err
		}
		for n, key := range part {
			if item := items[key]; item != nil {
				entries[from+n] = cache.Entry{Value: valueOf(item), Version: item.CasID}
				if err := budget.Take(item.Value); err != nil {
					return nil, err
				}
			}
		}
	}
	return entries, nil
}

func (c *conn) put(key string, r *cache.Request) error {
	item := newItem(key, r.Value, r.TTL)
	switch r.Mode {
	case cache.Add:
		if err := c.client.Add(item); !errors.Is(err, memcache.ErrNotStored) {
			return err
		}
		return cache.KeyExists()
	case cache.Replace:
		if err := c.client.Replace(item); !errors.Is(err, memcache.ErrNotStored) {
			return err
		}
		return cache.NotFound()
	case cache.Swap:
		item.CasID = r.Version
		err := c.client.CompareAndSwap(item)
		if errors.Is(err, memcache.ErrCASConflict) {
			return cache.Changed()
		}
		if errors.Is(err, memcache.ErrNotStored) {
			return cache.NotFound()
		}
		return missing(err)
	}
	return c.client.Set(item)
}

func missing(err error) error {
	if errors.Is(err, memcache.ErrCacheMiss) {
		return cache.NotFound()
	}
	return err
}

// refusal turns what memcached or its client says into an error of the header.
func refusal(err error, r *cache.Request) error {
	if err == nil {
		return nil
	}
	if known := (*service.Error)(nil); errors.As(err, &known) {
		return err
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "object too large for cache"):
		return service.Errorf(abi.ErrTooLarge, "a value of %d bytes is more than the memcached server takes (1 MiB unless it is told otherwise)", len(r.Value))
	case strings.Contains(text, "out of memory"):
		return service.Errorf(abi.ErrRefused, "the memcached server has no memory for it")
	case strings.Contains(text, "SERVER_ERROR"), strings.Contains(text, "CLIENT_ERROR"), strings.Contains(text, "client error"):
		return service.Errorf(abi.ErrRefused, "memcached refused: %s", text)
	}
	return err
}
