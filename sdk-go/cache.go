package edge

import "time"

// Cache is a cache. Keys and values are any bytes; a key is 1 byte to 64 KiB
// long, a value up to 64 MiB, or what the backend takes (memcached: 1 MiB). What a cache holds may be gone at any time. A time to live of 0 has no
// end.
type Cache interface {
	// Get reads a value. One that is not there is no error: see
	// [CacheEntry.Found].
	Get(key string) (CacheEntry, error)

	// GetMany reads up to 1,000 values at once, in the order of the keys.
	// [ErrTooLarge]: they are over 64 MiB together.
	GetMany(keys ...string) ([]CacheEntry, error)

	// Set stores a value, whatever is there.
	Set(key string, value []byte, ttl time.Duration) error

	// Add stores a value where none is. [ErrConflict]: there is one.
	Add(key string, value []byte, ttl time.Duration) error

	// Replace stores a value where one is. [ErrNotFound]: there is none.
	Replace(key string, value []byte, ttl time.Duration) error

	// Swap stores a value in place of the one that was read with that version.
	// [ErrConflict]: it has changed or, with some backends, was stored again as
	// it was; [ErrNotFound]: it is gone.
	Swap(key string, value []byte, ttl time.Duration, version uint64) error

	// Delete tells whether there was a value to delete.
	Delete(key string) (bool, error)

	Exists(key string) (bool, error)

	// Count adds to a decimal number from 0 to 2^64 - 1 and returns the sum.
	// Taking away stops at 0. [ErrNotFound]: it is not there; [ErrConflict]: it
	// is no such number, or would be too great.
	Count(key string, delta int64) (uint64, error)

	// CountFrom is Count, but a number that is not there starts as initial,
	// which is then what it returns.
	CountFrom(key string, delta int64, initial uint64, ttl time.Duration) (uint64, error)

	// Touch gives a value another time to live. [ErrNotFound]: there is none.
	Touch(key string, ttl time.Duration) error
}

// CacheEntry is a value as it was read.
type CacheEntry struct {
	Value   []byte // nil: it is not there
	Version uint64 // for Swap, at this cache alone
}

// Found tells whether there is a value.
func (e CacheEntry) Found() bool { return e.Value != nil }
