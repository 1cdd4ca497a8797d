package storagetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
)

// all lists all pages.
func all(t testing.TB, s *storage.Service, r storage.List) (keys []string) {
	t.Helper()
	for {
		page := Do(t, s, r).Page
		for _, e := range page.Entries {
			keys = append(keys, e.Key)
		}
		if limit := r.Limit; limit > 0 && len(page.Entries) > limit {
			t.Errorf("a page of %d entries; %d were asked for", len(page.Entries), limit)
		}
		if page.Next == "" {
			return keys
		}
		if page.Next <= r.After {
			t.Fatalf("the page after %q ends with %q", r.After, page.Next)
		}
		r.After = page.Next
	}
}

func fill(t *testing.T, s *storage.Service, keys ...string) {
	t.Helper()
	for _, key := range keys {
		Do(t, s, storage.Put{Key: key, Body: []byte(key)})
	}
}

func list(t *testing.T, s *storage.Service, _ Driver) {
	if p := Do(t, s, storage.List{}).Page; len(p.Entries) != 0 || p.Next != "" {
		t.Errorf("an empty store lists %+v", p)
	}
	fill(t, s, "photos/2024/a.jpg", "photos/2024/b.jpg", "photos/2025/c.jpg", "photos-old", "photos/z", "photos0", "zebra", "b/c/d/e")
	for _, c := range []struct {
		list storage.List
		want []string
	}{
		{storage.List{}, []string{"b/c/d/e", "photos-old", "photos/2024/a.jpg", "photos/2024/b.jpg", "photos/2025/c.jpg", "photos/z", "photos0", "zebra"}},
		{storage.List{Delimiter: "/"}, []string{"b/", "photos-old", "photos/", "photos0", "zebra"}},
		{storage.List{Prefix: "photos"}, []string{"photos-old", "photos/2024/a.jpg", "photos/2024/b.jpg", "photos/2025/c.jpg", "photos/z", "photos0"}},
		{storage.List{Prefix: "photos/", Delimiter: "/"}, []string{"photos/2024/", "photos/2025/", "photos/z"}},
		{storage.List{Prefix: "photos/20", Delimiter: "/"}, []string{"photos/2024/", "photos/2025/"}},
		{storage.List{Prefix: "photos/2024/a.jpg"}, []string{"photos/2024/a.jpg"}},
		{storage.List{Prefix: "photos/2024/a.jpg/"}, nil},
		{storage.List{Prefix: "none"}, nil},
		{storage.List{After: "photos/2024/b.jpg"}, []string{"photos/2025/c.jpg", "photos/z", "photos0", "zebra"}},
		{storage.List{After: "photos/2024/bb"}, []string{"photos/2025/c.jpg", "photos/z", "photos0", "zebra"}},
		{storage.List{After: "photos/", Delimiter: "/"}, []string{"photos0", "zebra"}},
		{storage.List{After: "zebra"}, nil},
	} {
		for _, limit := range []int{0, 1, 2, 3} {
			c.list.Limit = limit
			if got := all(t, s, c.list); !slices.Equal(got, c.want) {
				t.Errorf("%+v: %q; want %q", c.list, got, c.want)
			}
		}
	}
	for _, e := range Do(t, s, storage.List{Delimiter: "/"}).Page.Entries {
		if e.Prefix != strings.HasSuffix(e.Key, "/") || e.Prefix != (e.ETag == "") || e.Prefix != e.Modified.IsZero() || e.Prefix != (e.Size == 0) {
			t.Errorf("%+v", e)
		}
	}
	head := Do(t, s, storage.Head{Key: "zebra"}).Object
	if e := Do(t, s, storage.List{Prefix: "zebra"}).Page.Entries[0]; e.ETag != head.ETag || e.Size != head.Size ||
		e.Modified.Sub(head.Modified).Abs() > time.Second {
		t.Errorf("%+v, but %+v", e, head)
	}
}

// listPages compares every page with what a plain sorted list gives.
func listPages(t *testing.T, s *storage.Service, _ Driver) {
	random := rand.New(rand.NewPCG(1, 2))
	parts := []string{"a", "aa", "b", "b-", "b0", "ö", "Z", strings.Repeat("long", 25)}
	keys := map[string]bool{}
	for range 120 {
		key := fmt.Sprintf("f%d", random.IntN(100)) // files never have the name of a folder
		for range random.IntN(4) {
			key = parts[random.IntN(len(parts))] + "/" + key
		}
		keys[key] = true
	}
	var put sync.WaitGroup
	for key := range keys {
		put.Go(func() {
			if _, err := s.Do(service.Call{}, storage.Put{Key: key}); err != nil && service.ErrorOf(err).Status != abi.ErrOverloaded {
				t.Error(Describe(err))
			}
		})
	}
	put.Wait()
	var sorted []string
	for key := range keys {
		if _, err := s.Do(service.Call{}, storage.Head{Key: key}); err != nil {
			Do(t, s, storage.Put{Key: key}) // it found the mailbox full
		}
		sorted = append(sorted, key)
	}
	slices.Sort(sorted)
	for _, prefix := range []string{"", "a", "b/", "b-", parts[7][:60], "ö/"} {
		for _, delimiter := range []string{"", "/"} {
			var want []string
			for _, key := range sorted {
				if !strings.HasPrefix(key, prefix) {
					continue
				}
				if up, ok := (storage.List{Prefix: prefix, Delimiter: delimiter}).RollUp(key); ok {
					key = up
				}
				if len(want) == 0 || want[len(want)-1] != key {
					want = append(want, key)
				}
			}
			for _, limit := range []int{0, 1, 13} {
				if got := all(t, s, storage.List{Prefix: prefix, Delimiter: delimiter, Limit: limit}); !slices.Equal(got, want) {
					t.Errorf("%q %q %d: %q\nwant %q", prefix, delimiter, limit, got, want)
				}
			}
		}
	}
}
