package scenarios

import (
	"errors"
	"fmt"
	"strings"
	"time"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

var cacheScenarios = map[string]func(*run) error{
	"cache-values": cacheValues, "cache-modes": cacheModes, "cache-swap": cacheSwap, "cache-count": cacheCount,
	"cache-touch": cacheTouch, "cache-refused": cacheRefused, "cache-short": cacheShort, "cache-peek": cachePeek,
}

func entry(e edge.CacheEntry) string {
	if !e.Found() {
		return "none"
	}
	return fmt.Sprintf("'%x'", e.Value)
}

// value says what a key holds.
func (r *run) value(label string, c edge.Cache, key string) error {
	e, err := c.Get(key)
	if err == nil {
		r.say("%s: %s", label, entry(e))
	}
	return err
}

// whether says whether something happened; one status says that it did not.
func (r *run) whether(label string, err error, no ...edge.Status) error {
	for _, status := range no {
		if errors.Is(err, status) {
			r.say("%s: no", label)
			return nil
		}
	}
	if err == nil {
		r.say("%s: yes", label)
	}
	return err
}

func (r *run) yes(label string, yes bool, err error) error {
	if err == nil && !yes {
		err = edge.ErrNotFound
	}
	return r.whether(label, err, edge.ErrNotFound)
}

func cacheValues(r *run) error {
	c, err := r.Cache("cache")
	if err != nil {
		return err
	}
	one, odd, none := r.key("one"), r.key("odd \x00\xff\r\n"), r.key("none")
	return errors.Join(
		r.value("nothing", c, none),
		c.Set(one, []byte("1"), time.Hour),
		c.Set(odd, []byte{0, 255}, 0),
		r.value("one", c, one),
		r.value("odd", c, odd),
		c.Set(one, []byte{}, 0),
		r.value("empty", c, one),
		r.many("many", c, odd, none, one, odd),
	)
}

func (r *run) many(label string, c edge.Cache, keys ...string) error {
	all, err := c.GetMany(keys...)
	values := make([]string, len(all))
	for i := range all {
		values[i] = entry(all[i])
	}
	r.say("%s: %s", label, strings.Join(values, " "))
	return err
}

func cacheModes(r *run) error {
	c, err := r.Cache("cache")
	if err != nil {
		return err
	}
	key, value := r.key("modes"), func(s string) []byte { return []byte(s) }
	deleted, err := c.Delete(key)
	if err != nil || deleted {
		return fmt.Errorf("deleted: %t, %w", deleted, err)
	}
	err = errors.Join(
		r.whether("replace nothing", c.Replace(key, value("1"), 0), edge.ErrNotFound),
		r.whether("add", c.Add(key, value("2"), time.Hour), edge.ErrConflict),
		r.whether("add again", c.Add(key, value("3"), 0), edge.ErrConflict),
		r.value("value", c, key),
		r.whether("replace", c.Replace(key, value("4"), 0), edge.ErrNotFound),
		r.value("value", c, key),
	)
	there, e1 := c.Exists(key)
	e1 = r.yes("exists", there, e1)
	gone, e2 := c.Delete(key)
	e2 = r.yes("delete", gone, e2)
	gone, e3 := c.Delete(key)
	e3 = r.yes("delete again", gone, e3)
	there, e4 := c.Exists(key)
	return errors.Join(err, e1, e2, e3, r.yes("exists still", there, e4))
}

func cacheSwap(r *run) error {
	c, err := r.Cache("cache")
	if err != nil {
		return err
	}
	key := r.key("swap")
	if err := c.Set(key, []byte("one"), 0); err != nil {
		return err
	}
	e, err := c.Get(key)
	if err != nil {
		return err
	}
	swap := func(label, value string) error {
		return r.whether(label, c.Swap(key, []byte(value), 0, e.Version), edge.ErrConflict, edge.ErrNotFound)
	}
	if err := errors.Join(swap("swap", "two"), swap("with an old version", "three"), r.value("value", c, key)); err != nil {
		return err
	}
	if _, err := c.Delete(key); err != nil {
		return err
	}
	return swap("of what is gone", "four")
}

func cacheCount(r *run) error {
	c, err := r.Cache("cache")
	if err != nil {
		return err
	}
	key := r.key("count")
	if _, err := c.Count(key, 1); errors.Is(err, edge.ErrNotFound) {
		r.say("nothing: none")
	}
	n, e1 := c.CountFrom(key, 1, 5, time.Hour)
	r.say("start: %d", n)
	n, e2 := c.CountFrom(key, 10, 5, 0)
	r.say("go on: %d", n)
	n, e3 := c.Count(key, 1)
	r.say("up: %d", n)
	n, e4 := c.Count(key, -100)
	r.say("down: %d", n)
	e5 := c.Set(key, []byte("ten"), 0)
	_, err = c.Count(key, 1)
	r.outcome("no number", err)
	_, e6 := c.Delete(key)
	return errors.Join(e1, e2, e3, e4, e5, e6)
}

func cacheTouch(r *run) error {
	c, err := r.Cache("cache")
	if err != nil {
		return err
	}
	key := r.key("touch")
	if _, err := c.Delete(key); err != nil {
		return err
	}
	return errors.Join(
		r.whether("nothing", c.Touch(key, time.Hour), edge.ErrNotFound),
		c.Set(key, []byte("v"), time.Minute),
		r.whether("touch", c.Touch(key, time.Hour), edge.ErrNotFound),
		r.value("value", c, key),
	)
}

func cacheRefused(r *run) error {
	c, err := r.Cache("cache")
	if err != nil {
		return err
	}
	_, err = c.Get("")
	r.outcome("no key", err)
	_, err = c.GetMany(make([]string, 1001)...)
	r.outcome("too many keys", err)
	r.outcome("long key", c.Set(strings.Repeat("k", 64<<10+1), nil, 0))
	return nil
}

func cacheShort(r *run) error {
	c, err := r.Cache("cache")
	if err != nil {
		return err
	}
	key := r.key("short")
	return errors.Join(c.Set(key, []byte("v"), 900*time.Millisecond), r.value("value", c, key))
}

func cachePeek(r *run) error {
	c, err := r.Cache("cache")
	if err != nil {
		return err
	}
	return r.value("value", c, r.key("short"))
}
