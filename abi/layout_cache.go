package abi

// edge_gateway_cache.h: the structs field for field, see layout.go.

// CacheID is the id of the service.
const CacheID = "eg.cache/1"

// Operations, as the header has them.
const (
	CacheGetOp    = 1
	CachePutOp    = 2
	CacheDeleteOp = 3
	CacheExistsOp = 4
	CacheCountOp  = 5
	CacheTouchOp  = 6
)

// Values of fields, as the header has them.
const (
	CacheSet     = 0
	CacheAdd     = 1
	CacheReplace = 2
	CacheSwap    = 3
	CacheCreate  = 1
)

// CacheKeys is eg_cache_keys.
type CacheKeys struct {
	StructSize uint32
	Reserved   uint32
	Keys       uintptr
	Count      uint64
}

// CacheEntry is eg_cache_entry.
type CacheEntry struct {
	Value   Bytes
	Version uint64
}

// CacheEntries is eg_cache_entries.
type CacheEntries struct {
	StructSize uint32
	Reserved   uint32
	Entries    uintptr
	Count      uint64
}

// CachePut is eg_cache_put.
type CachePut struct {
	StructSize uint32
	Mode       uint32
	Key        Bytes
	Value      Bytes
	TTL        int64
	Version    uint64
}

// CacheKey is eg_cache_key.
type CacheKey struct {
	StructSize uint32
	Reserved   uint32
	Key        Bytes
}

// CacheCount is eg_cache_count.
type CacheCount struct {
	StructSize uint32
	Flags      uint32
	Key        Bytes
	Delta      int64
	Initial    uint64
	TTL        int64
}

// CacheNumber is eg_cache_number.
type CacheNumber struct {
	StructSize uint32
	Reserved   uint32
	Value      uint64
}

// CacheTouch is eg_cache_touch.
type CacheTouch struct {
	StructSize uint32
	Reserved   uint32
	Key        Bytes
	TTL        int64
}
