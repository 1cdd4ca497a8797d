package export

/*
#include "edge_gateway_cache.h"
*/
import "C"

import (
	"time"
	"unsafe"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	"github.com/edge-gateway/edge-gateway/sdk-go/backend"
)

// cache is eg.cache/1.
type cache struct{ service }

func (c cache) Get(keys []string) (entries []edge.CacheEntry, err error) {
	var loan loan
	defer loan.end()
	args := C.eg_cache_keys{struct_size: C.sizeof_eg_cache_keys}
	args.keys, args.count = lendTexts(&loan, keys)
	err = c.run(C.EG_CACHE_GET, lend(&loan, args), func(result unsafe.Pointer) {
		r := (*C.eg_cache_entries)(result)
		entries = make([]edge.CacheEntry, int(r.count))
		for i, e := range unsafe.Slice(r.entries, int(r.count)) {
			entries[i].Version = uint64(e.version)
			if e.value.ptr != nil {
				entries[i].Value = clone(e.value)
			}
		}
	})
	return entries, err
}

func (c cache) Put(p backend.CachePut) error {
	var loan loan
	defer loan.end()
	return c.run(C.EG_CACHE_PUT, lend(&loan, C.eg_cache_put{
		struct_size: C.sizeof_eg_cache_put, mode: C.uint32_t(p.Mode),
		key: loan.text(p.Key), value: loan.bytes(p.Value),
		ttl: C.int64_t(p.TTL), version: C.uint64_t(p.Version),
	}), nil)
}

func (c cache) Delete(key string) error { return c.byKey(C.EG_CACHE_DELETE, key) }
func (c cache) Exists(key string) error { return c.byKey(C.EG_CACHE_EXISTS, key) }

func (c cache) byKey(code C.uint32_t, key string) error {
	var loan loan
	defer loan.end()
	return c.run(code, lend(&loan, C.eg_cache_key{struct_size: C.sizeof_eg_cache_key, key: loan.text(key)}), nil)
}

func (c cache) Count(n backend.CacheCount) (sum uint64, err error) {
	var loan loan
	defer loan.end()
	args := C.eg_cache_count{
		struct_size: C.sizeof_eg_cache_count, key: loan.text(n.Key), delta: C.int64_t(n.Delta),
		initial: C.uint64_t(n.Initial), ttl: C.int64_t(n.TTL),
	}
	if n.Create {
		args.flags = C.EG_CACHE_CREATE
	}
	err = c.run(C.EG_CACHE_COUNT, lend(&loan, args), func(result unsafe.Pointer) {
		sum = uint64((*C.eg_cache_number)(result).value)
	})
	return sum, err
}

func (c cache) Touch(key string, ttl time.Duration) error {
	var loan loan
	defer loan.end()
	return c.run(C.EG_CACHE_TOUCH, lend(&loan, C.eg_cache_touch{
		struct_size: C.sizeof_eg_cache_touch, key: loan.text(key), ttl: C.int64_t(ttl),
	}), nil)
}

// The numbers of package backend are those of the header.
var (
	_ = [1]struct{}{}[C.EG_CACHE_SET-backend.CacheSet]
	_ = [1]struct{}{}[C.EG_CACHE_ADD-backend.CacheAdd]
	_ = [1]struct{}{}[C.EG_CACHE_REPLACE-backend.CacheReplace]
	_ = [1]struct{}{}[C.EG_CACHE_SWAP-backend.CacheSwap]
)
