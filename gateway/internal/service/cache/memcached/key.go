package memcached

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

const (
	maxKey = 250 // bytes
	// hashed starts the keys that stand for others. A key of a handler that
	// starts so is hashed as well, so that no two are the same.
	hashed = "#sha256:"
)

// wire is the key that memcached is given: itself, or a hash where memcached
// would refuse it, for its length or for spaces and control characters in it.
func (b *backend) wire(key string) string {
	key = b.prefix + key
	if legal(key) && !strings.HasPrefix(key, hashed) {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return hashed + hex.EncodeToString(sum[:])
}

func legal(key string) bool {
	if len(key) > maxKey {
		return false
	}
	for n := range len(key) {
		if key[n] <= ' ' || key[n] == 0x7f {
			return false
		}
	}
	return true
}
