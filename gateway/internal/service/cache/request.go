package cache

import (
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// Op is what a request asks for.
type Op uint32

// The operations, as abi/edge_gateway_cache.h has them.
const (
	Get    Op = abi.CacheGetOp
	Put    Op = abi.CachePutOp
	Delete Op = abi.CacheDeleteOp
	Exists Op = abi.CacheExistsOp
	Count  Op = abi.CacheCountOp
	Touch  Op = abi.CacheTouchOp
)

// Mode is when a Put stores.
type Mode uint32

// The modes.
const (
	Set     Mode = abi.CacheSet     // whatever is there
	Add     Mode = abi.CacheAdd     // only if the key is not there
	Replace Mode = abi.CacheReplace // only if it is
	Swap    Mode = abi.CacheSwap    // only if it has the version still
)

// Limits of a request. A backend may take less.
const (
	MaxKey   = 64 << 10 // bytes of a key
	MaxKeys  = 1000     // of a Get
	MaxValue = 64 << 20 // bytes of a value, and of all that one Get reads
)

// Request is one operation. The fields that the operation does not name in its
// header are ignored.
type Request struct {
	Op      Op
	Keys    []string // of Get
	Key     string   // of all others
	Mode    Mode
	Value   []byte // of Put; the driver keeps it and nobody writes to it any more
	TTL     time.Duration
	Version uint64
	Delta   int64
	Initial uint64
	Create  bool
}

// Check says what of the header's rules the request breaks, if any.
func (r *Request) Check() error {
	if r.Op == Get {
		if len(r.Keys) == 0 || len(r.Keys) > MaxKeys {
			return service.Errorf(abi.ErrInvalid, "%d keys; 1 to %d can be read at a time", len(r.Keys), MaxKeys)
		}
		for n, key := range r.Keys {
			if err := checkKey(key); err != nil {
				err.Position = n
				return err
			}
		}
		return nil
	}
	if err := checkKey(r.Key); err != nil {
		return err
	}
	switch r.Op {
	case Put:
		if r.Mode > Swap {
			return service.Errorf(abi.ErrInvalid, "there is no mode %d of storing", r.Mode)
		}
		if len(r.Value) > MaxValue {
			return TooLarge(len(r.Value), MaxValue)
		}
	case Delete, Exists, Count, Touch:
	default:
		return service.Errorf(abi.ErrUnsupported, "a cache has no operation %d", r.Op)
	}
	if r.TTL < 0 {
		return service.Errorf(abi.ErrInvalid, "the time to live is negative")
	}
	return nil
}

func checkKey(key string) *service.Error {
	if len(key) == 0 || len(key) > MaxKey {
		return service.Errorf(abi.ErrInvalid, "a key of %d bytes; 1 to %d are allowed", len(key), MaxKey)
	}
	return nil
}

// Repeatable tells whether sending the request twice does what sending it once
// does, with the same answer.
func (r *Request) Repeatable() bool {
	switch r.Op {
	case Get, Exists, Touch:
		return true
	case Put:
		return r.Mode == Set
	}
	return false
}
