package memcached

import (
	"bytes"
	"math"
	"time"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache"
)

// The flags of an item say what this driver stored. Memcached pads a number
// that it has counted down with spaces, which have to come off again, but not
// off a text of a handler that ends in spaces. A number's flags hold its end of
// life too, in seconds since the epoch below, 0 for none: memcached tells
// nobody, and whoever stores a number by compare-and-swap needs it. (A touch does
// not change the flags: a number near the top that is touched and then counted
// ends as it would have without the touch.) Another program's items have other
// flags.
const (
	isBytes  = 0x4547_0000
	isNumber = 0x8000_0000
	epoch    = 1_735_689_600 // 2025-01-01, Unix time
)

func newItem(key string, value []byte, ttl time.Duration) *memcache.Item {
	item := &memcache.Item{Key: key, Value: value, Flags: isBytes, Expiration: expiration(ttl)}
	if _, ok := cache.Number(value); ok {
		item.Flags = numberFlags(ttl)
	}
	return item
}

func numberFlags(ttl time.Duration) uint32 {
	if expiration(ttl) == 0 {
		return isNumber
	}
	return isNumber | uint32(time.Now().Unix()+seconds(ttl)-epoch)&^isNumber
}

// numberExpiration is the end of life that the flags of a number hold.
func numberExpiration(flags uint32) int32 {
	if flags &^= isNumber; flags != 0 {
		return int32(min(int64(flags)+epoch, math.MaxInt32))
	}
	return 0
}

// valueOf is the value as it was stored, or counted.
func valueOf(item *memcache.Item) []byte {
	if item.Flags&isNumber != 0 {
		return bytes.TrimRight(item.Value, " ")
	}
	return item.Value
}

const relative = 30 * 24 * 60 * 60 // seconds; memcached takes more as a time

// expiration is a time to live in memcached's words: up to 30 days as seconds
// from now, more as Unix time, and none where that has no room for it.
func expiration(ttl time.Duration) int32 {
	if ttl == 0 {
		return 0
	}
	s := seconds(ttl)
	if s <= relative {
		return int32(s)
	}
	if at := time.Now().Unix() + s; at <= math.MaxInt32 {
		return int32(at)
	}
	return 0
}

// seconds rounds up, and by one more: memcached's clock ticks once a second, so
// that an item with 1 second to live is gone after anything up to that.
func seconds(ttl time.Duration) int64 { return int64((ttl-1)/time.Second) + 2 }
