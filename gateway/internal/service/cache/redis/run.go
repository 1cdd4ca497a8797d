package redis

import (
	"context"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache"
)

func (c *conn) run(ctx context.Context, r *cache.Request) (result cache.Result, err error) {
	key := c.backend.prefix + r.Key
	b := c.client.B()
	switch r.Op {
	case cache.Get:
		result.Entries, err = c.get(ctx, r.Keys)
	case cache.Put:
		err = c.put(ctx, key, r)
	case cache.Delete:
		err = one(c.client.Do(ctx, b.Del().Key(key).Build()))
	case cache.Exists:
		err = one(c.client.Do(ctx, b.Exists().Key(key).Build()))
	case cache.Count:
		result.Number, err = c.count(ctx, key, r)
	case cache.Touch:
		if r.TTL == 0 {
			err = one(persist.Exec(ctx, c.client, []string{key}, nil))
		} else {
			err = one(c.client.Do(ctx, b.Pexpire().Key(key).Milliseconds(milliseconds(r.TTL)).Build()))
		}
	}
	return result, err
}

// one is the outcome of a command that answers how many keys it met.
func one(reply rueidis.RedisResult) error {
	n, err := reply.AsInt64()
	if err == nil && n == 0 {
		err = cache.NotFound()
	}
	return err
}

// batch is how many keys are read at a time, so that a Get of too much is cut
// short before all of it is here.
const batch = 100

func (c *conn) get(ctx context.Context, keys []string) ([]cache.Entry, error) {
	entries := make([]cache.Entry, 0, len(keys))
	var budget cache.Budget
	for len(keys) > 0 {
		part := make([]string, min(len(keys), batch))
		for n := range part {
			part[n] = c.backend.prefix + keys[n]
		}
		keys = keys[len(part):]
		values, err := c.client.Do(ctx, c.client.B().Mget().Key(part...).Build()).ToArray()
		if err != nil {
			return nil, err
		}
		for n := range values {
			entry, err := entryOf(&values[n])
			if err == nil {
				err = budget.Take(entry.Value)
			}
			if err != nil {
				return nil, err
			}
			entries = append(entries, entry)
		}
	}
	return entries, nil
}

func entryOf(value *rueidis.RedisMessage) (cache.Entry, error) {
	if value.IsNil() {
		return cache.Entry{}, nil
	}
	bytes, err := value.AsBytes()
	if err != nil {
		return cache.Entry{}, err
	}
	if bytes == nil {
		bytes = []byte{}
	}
	return cache.Entry{Value: bytes, Version: versionOf(bytes)}, nil
}

// versionOf is the version of a value: Redis keeps none, so it is a hash of the
// value, the start of its SHA-1, which scripts can compute too.
func versionOf(value []byte) uint64 {
	sum := sha1.Sum(value)
	return binary.BigEndian.Uint64(sum[:])
}

func (c *conn) put(ctx context.Context, key string, r *cache.Request) error {
	value := rueidis.BinaryString(r.Value)
	if r.Mode == cache.Swap {
		args := []string{fmt.Sprintf("%016x", r.Version), value, milliText(r.TTL)}
		switch n, err := swap.Exec(ctx, c.client, []string{key}, args).AsInt64(); {
		case err != nil:
			return err
		case n == swapMissing:
			return cache.NotFound()
		case n == swapChanged:
			return cache.Changed()
		}
		return nil
	}
	command := c.client.B().Arbitrary("SET").Keys(key).Args(value)
	if r.TTL != 0 {
		command = command.Args("PX", milliText(r.TTL))
	}
	refused := error(nil)
	switch r.Mode {
	case cache.Add:
		command, refused = command.Args("NX"), cache.KeyExists()
	case cache.Replace:
		command, refused = command.Args("XX"), cache.NotFound()
	}
	err := c.client.Do(ctx, command.Build()).Error()
	if refused != nil && rueidis.IsRedisNil(err) {
		return refused
	}
	return err
}

func (c *conn) count(ctx context.Context, key string, r *cache.Request) (uint64, error) {
	sign, initial := "+", ""
	if r.Delta < 0 {
		sign = "-"
	}
	if r.Create {
		initial = strconv.FormatUint(r.Initial, 10)
	}
	step := strconv.FormatUint(cache.Magnitude(r.Delta), 10)
	reply, err := count.Exec(ctx, c.client, []string{key}, []string{sign, step, initial, milliText(r.TTL)}).ToMessage()
	if err != nil {
		return 0, err
	}
	if reply.IsInt64() {
		switch code, _ := reply.AsInt64(); code {
		case countMissing:
			return 0, cache.NotFound()
		case countOverflow:
			return 0, cache.Overflow()
		}
		return 0, cache.NoNumber()
	}
	return reply.AsUint64()
}

// milliseconds rounds up.
func milliseconds(ttl time.Duration) int64 {
	return int64((ttl-1)/time.Millisecond) + 1
}

// milliText is a time to live for a script: "0" for no end.
func milliText(ttl time.Duration) string {
	if ttl == 0 {
		return "0"
	}
	return strconv.FormatInt(milliseconds(ttl), 10)
}
