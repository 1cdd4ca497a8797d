package backend

import (
	"errors"
	"time"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// Cache is what a gateway has of a cache.
type Cache interface {
	Get(keys []string) ([]edge.CacheEntry, error)
	Put(CachePut) error
	Delete(key string) error // ErrNotFound
	Exists(key string) error // ErrNotFound
	Count(CacheCount) (uint64, error)
	Touch(key string, ttl time.Duration) error
}

// CachePut stores a value.
type CachePut struct {
	Mode    CacheMode
	Key     string
	Value   []byte // never nil
	TTL     time.Duration
	Version uint64 // with CacheSwap
}

// CacheMode is the condition on which a value is stored.
type CacheMode uint32

// The modes, with the numbers of the contract.
const (
	CacheSet CacheMode = iota
	CacheAdd
	CacheReplace
	CacheSwap
)

// CacheCount adds to a number.
type CacheCount struct {
	Key     string
	Delta   int64
	Create  bool // a number that is not there starts as Initial, with TTL
	Initial uint64
	TTL     time.Duration
}

// NewCache makes the service of a backend.
func NewCache(b Cache) edge.Cache { return cache{b} }

type cache struct{ Cache }

func (c cache) Get(key string) (edge.CacheEntry, error) {
	entries, err := c.GetMany(key)
	if err != nil {
		return edge.CacheEntry{}, err
	}
	return entries[0], nil
}

func (c cache) GetMany(keys ...string) ([]edge.CacheEntry, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	entries, err := c.Cache.Get(keys)
	if err == nil && len(entries) != len(keys) {
		return nil, failure(edge.ErrInternal, "%d entries for %d keys", len(entries), len(keys))
	}
	return entries, err
}

func (c cache) Set(key string, value []byte, ttl time.Duration) error {
	return c.put(CachePut{Mode: CacheSet, Key: key, Value: value, TTL: ttl})
}

func (c cache) Add(key string, value []byte, ttl time.Duration) error {
	return c.put(CachePut{Mode: CacheAdd, Key: key, Value: value, TTL: ttl})
}

func (c cache) Replace(key string, value []byte, ttl time.Duration) error {
	return c.put(CachePut{Mode: CacheReplace, Key: key, Value: value, TTL: ttl})
}

func (c cache) Swap(key string, value []byte, ttl time.Duration, version uint64) error {
	return c.put(CachePut{Mode: CacheSwap, Key: key, Value: value, TTL: ttl, Version: version})
}

func (c cache) put(p CachePut) error {
	if p.Value == nil {
		p.Value = []byte{} // absent means not there, and this is there
	}
	return c.Put(p)
}

func (c cache) Delete(key string) (bool, error) { return found(c.Cache.Delete(key)) }
func (c cache) Exists(key string) (bool, error) { return found(c.Cache.Exists(key)) }

func found(err error) (bool, error) {
	if errors.Is(err, edge.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (c cache) Count(key string, delta int64) (uint64, error) {
	return c.Cache.Count(CacheCount{Key: key, Delta: delta})
}

func (c cache) CountFrom(key string, delta int64, initial uint64, ttl time.Duration) (uint64, error) {
	return c.Cache.Count(CacheCount{Key: key, Delta: delta, Create: true, Initial: initial, TTL: ttl})
}
