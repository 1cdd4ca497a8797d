package gofunc_test

import (
	"errors"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache/memory"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

func TestACacheInTheProgram(t *testing.T) {
	h := &host{}
	h.lend(t, "cache", "cache", memory.Open, nil)
	h.run(t, func(r *edge.Request) error {
		c, err := r.Cache("cache")
		if err != nil {
			return err
		}
		value := []byte("one")
		if err := c.Set("k", value, time.Minute); err != nil {
			return err
		}
		value[0] = 'X' // what was given away is the cache's own copy
		entry, err := c.Get("k")
		if err != nil || string(entry.Value) != "one" {
			t.Errorf("got %q, %v", entry.Value, err)
		}
		entry.Value[0] = 'X' // and so is what it gives
		entries, err := c.GetMany("none", "k")
		if err != nil || entries[0].Found() || string(entries[1].Value) != "one" {
			t.Errorf("got %v, %v", entries, err)
		}
		if err := c.Add("k", nil, 0); !errors.Is(err, edge.ErrConflict) {
			t.Errorf("add to what is there: %v", err)
		}
		if err := c.Replace("none", nil, 0); !errors.Is(err, edge.ErrNotFound) {
			t.Errorf("replace of what is not: %v", err)
		}
		if err := c.Swap("k", []byte("two"), 0, entry.Version); err != nil {
			t.Errorf("swap: %v", err)
		}
		if err := c.Swap("k", []byte("three"), 0, entry.Version); !errors.Is(err, edge.ErrConflict) {
			t.Errorf("swap of another version: %v", err)
		}
		if n, err := c.CountFrom("n", 1, 10, 0); n != 10 || err != nil {
			t.Errorf("count from: %d, %v", n, err)
		}
		if n, err := c.Count("n", -3); n != 7 || err != nil {
			t.Errorf("count: %d, %v", n, err)
		}
		if _, err := c.Count("k", 1); !errors.Is(err, edge.ErrConflict) {
			t.Errorf("count of a text: %v", err)
		}
		if err := c.Touch("k", time.Minute); err != nil {
			t.Errorf("touch: %v", err)
		}
		if there, err := c.Exists("k"); !there || err != nil {
			t.Errorf("exists: %v, %v", there, err)
		}
		for _, want := range []bool{true, false} {
			if deleted, err := c.Delete("k"); deleted != want || err != nil {
				t.Errorf("delete: %v, %v", deleted, err)
			}
		}
		var failure *edge.ServiceError
		if _, err := c.GetMany("k", ""); !errors.Is(err, edge.ErrInvalid) || !errors.As(err, &failure) || failure.Position != 1 {
			t.Errorf("an empty key: %v", err)
		}
		return nil
	})
}
