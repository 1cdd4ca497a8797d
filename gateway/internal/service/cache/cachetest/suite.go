package cachetest

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache"
)

// Suite runs the cases. Each opens a service of its own, on the same backend;
// keys are not shared between them.
func Suite(t *testing.T, open func(t testing.TB) *cache.Service) {
	for name, test := range map[string]func(*testing.T, *cache.Service){
		"Values": values, "Keys": keys, "ManyKeys": manyKeys, "Modes": modes, "Swap": swap,
		"Count": count, "CountTable": countTable, "CountKeepsItsEnd": countKeepsItsEnd,
		"Touch": touch, "TimeToLive": timeToLive, "LongLife": longLife, "Refused": refused,
		"ConcurrentAdd": concurrentAdd, "ConcurrentSwap": concurrentSwap, "ConcurrentCount": concurrentCount,
		"ConcurrentCountAtTheTop": concurrentTop, "ConcurrentCreate": concurrentCreate, "Probe": probe,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func everyByte() string {
	b := make([]byte, 256)
	for n := range b {
		b[n] = byte(n)
	}
	return string(b)
}

func values(t *testing.T, s *cache.Service) {
	for n, value := range []string{"", "x", everyByte(), "\r\nEND\r\n", "12 ", "007", strings.Repeat("ab\x00", 100_000), strings.Repeat("z", 1<<20-4096)} {
		key := fmt.Sprintf("values/%d", n)
		set(t, s, key, value, 0)
		wantValue(t, s, key, value)
	}
	if e := get(t, s, "values/none"); e.Value != nil {
		t.Fatalf("a key that is not there holds %q", e.Value)
	}
	Do(t, s, cache.Request{Op: cache.Put, Key: "values/nil"}).Want(t, "set to nil", abi.OK)
	wantValue(t, s, "values/nil", "")
}

func keys(t *testing.T, s *cache.Service) {
	list := []string{
		"k", " ", "a b", "a\r\nb", "\x00", "\x00\x00", everyByte(), "ключ", strings.Repeat("k", 249), strings.Repeat("k", 250),
		strings.Repeat("k", 251), strings.Repeat("k", cache.MaxKey), "#sha256:", "#sha256:" + strings.Repeat("0", 64), "\x7f", "\xff\xfe",
	}
	for n, key := range list {
		set(t, s, key, strconv.Itoa(n), 0)
	}
	for n, key := range list {
		wantValue(t, s, key, strconv.Itoa(n))
		Do(t, s, cache.Request{Op: cache.Exists, Key: key}).Want(t, "exists", abi.OK)
	}
	for _, key := range list {
		Do(t, s, cache.Request{Op: cache.Delete, Key: key}).Want(t, "delete", abi.OK)
		Do(t, s, cache.Request{Op: cache.Delete, Key: key}).Want(t, "delete again", abi.ErrNotFound)
		Do(t, s, cache.Request{Op: cache.Exists, Key: key}).Want(t, "exists after delete", abi.ErrNotFound)
	}
}

func manyKeys(t *testing.T, s *cache.Service) {
	set(t, s, "many/a", "A", 0)
	set(t, s, "many/b b", "B", 0)
	a := Do(t, s, cache.Request{Op: cache.Get, Keys: []string{"many/b b", "many/none", "many/a", "many/b b", "many/a"}}).Want(t, "get", abi.OK)
	var got []string
	for _, e := range a.Entries {
		got = append(got, string(e.Value))
	}
	if want := []string{"B", "", "A", "B", "A"}; fmt.Sprint(got) != fmt.Sprint(want) || a.Entries[1].Value != nil {
		t.Fatalf("got %q, want %q", got, want)
	}
	list := make([]string, cache.MaxKeys)
	for n := range list {
		list[n] = fmt.Sprintf("many/%d/%s", n, strings.Repeat("k", n%240))
		if n%3 == 0 {
			set(t, s, list[n], strconv.Itoa(n), 0)
		}
	}
	for n, e := range Do(t, s, cache.Request{Op: cache.Get, Keys: list}).Want(t, "get 1000", abi.OK).Entries {
		if there := n%3 == 0; there != (e.Value != nil) || there && string(e.Value) != strconv.Itoa(n) {
			t.Fatalf("entry %d is %q", n, e.Value)
		}
	}
}

func modes(t *testing.T, s *cache.Service) {
	put := func(mode cache.Mode, value string) Answer {
		return Do(t, s, cache.Request{Op: cache.Put, Mode: mode, Key: "modes", Value: []byte(value)})
	}
	put(cache.Replace, "1").Want(t, "replace nothing", abi.ErrNotFound)
	put(cache.Add, "2").Want(t, "add", abi.OK)
	put(cache.Add, "3").Want(t, "add again", abi.ErrConflict)
	wantValue(t, s, "modes", "2")
	put(cache.Replace, "4").Want(t, "replace", abi.OK)
	wantValue(t, s, "modes", "4")
	put(cache.Set, "5").Want(t, "set", abi.OK)
	wantValue(t, s, "modes", "5")
}

func swap(t *testing.T, s *cache.Service) {
	put := func(version uint64, value string) Answer {
		return Do(t, s, cache.Request{Op: cache.Put, Mode: cache.Swap, Version: version, Key: "swap", Value: []byte(value)})
	}
	put(1, "x").Want(t, "swap nothing", abi.ErrNotFound)
	set(t, s, "swap", "one", 0)
	first := wantValue(t, s, "swap", "one").Version
	put(first, "two").Want(t, "swap", abi.OK)
	put(first, "three").Want(t, "swap with an old version", abi.ErrConflict)
	second := wantValue(t, s, "swap", "two").Version
	Do(t, s, cache.Request{Op: cache.Touch, Key: "swap", TTL: time.Hour}).Want(t, "touch", abi.OK)
	put(second, "four").Want(t, "swap after touch", abi.OK)
	third := wantValue(t, s, "swap", "four").Version
	Do(t, s, cache.Request{Op: cache.Delete, Key: "swap"}).Want(t, "delete", abi.OK)
	put(third, "five").Want(t, "swap after delete", abi.ErrNotFound)
}

func count(t *testing.T, s *cache.Service) {
	add := func(delta int64, create bool) Answer {
		return Do(t, s, cache.Request{Op: cache.Count, Key: "count", Delta: delta, Initial: 5, Create: create})
	}
	add(1, false).Want(t, "count nothing", abi.ErrNotFound)
	for _, step := range []struct {
		delta int64
		want  uint64
	}{{100, 5}, {95, 100}, {-1, 99}, {-90, 9}, {0, 9}, {1, 10}, {-11, 0}, {-1, 0}, {7, 7}, {math.MinInt64, 0}, {math.MaxInt64, math.MaxInt64}} {
		if got := add(step.delta, true).Want(t, "count", abi.OK).Number; got != step.want {
			t.Fatalf("%+d came to %d, want %d", step.delta, got, step.want)
		}
		wantValue(t, s, "count", strconv.FormatUint(step.want, 10))
	}
}

func countTable(t *testing.T, s *cache.Service) {
	for n, test := range []struct {
		value  string
		delta  int64
		status abi.Status
		after  string
	}{
		{"10", -1, abi.OK, "9"},
		{"1000000", -999_999, abi.OK, "1"},
		{"18446744073709551615", 0, abi.OK, "18446744073709551615"},
		{"18446744073709551615", 1, abi.ErrConflict, "18446744073709551615"},
		{"18446744073709551614", 1, abi.OK, "18446744073709551615"},
		{"18446744073709551600", 16, abi.ErrConflict, "18446744073709551600"},
		{"18446744073709551615", -1, abi.OK, "18446744073709551614"},
		{"9223372036854775807", 1, abi.OK, "9223372036854775808"},
		{"9223372036854775808", math.MaxInt64, abi.OK, "18446744073709551615"},
		{"9223372036854775809", math.MaxInt64, abi.ErrConflict, "9223372036854775809"},
		{"9007199254740993", 1, abi.OK, "9007199254740994"},
		{"9999999999", 1, abi.OK, "10000000000"},
		{"10000000000", -1, abi.OK, "9999999999"},
		{"10000000005", -10_000_000_000, abi.OK, "5"},
		{"007", 1, abi.OK, "8"},
		{"0", -1, abi.OK, "0"},
		{"", 1, abi.ErrConflict, ""},
		{"18446744073709551616", 1, abi.ErrConflict, "18446744073709551616"},
		{"000000000000000000001", 1, abi.ErrConflict, "000000000000000000001"},
		{"-1", 1, abi.ErrConflict, "-1"},
		{"+1", 1, abi.ErrConflict, "+1"},
		{" 1", 1, abi.ErrConflict, " 1"},
		{"1 ", 1, abi.ErrConflict, "1 "},
		{"1\n", 1, abi.ErrConflict, "1\n"},
		{"1\x00", 1, abi.ErrConflict, "1\x00"},
		{"1.5", 1, abi.ErrConflict, "1.5"},
		{"0x10", -1, abi.ErrConflict, "0x10"},
		{"ten", -1, abi.ErrConflict, "ten"},
	} {
		key := fmt.Sprintf("table/%d", n)
		set(t, s, key, test.value, 0)
		a := Do(t, s, cache.Request{Op: cache.Count, Key: key, Delta: test.delta, Create: true, Initial: 77})
		a.Want(t, fmt.Sprintf("%q %+d", test.value, test.delta), test.status)
		if test.status == abi.OK && strconv.FormatUint(a.Number, 10) != test.after {
			t.Errorf("%q %+d came to %d, want %s", test.value, test.delta, a.Number, test.after)
		}
		wantValue(t, s, key, test.after)
	}
}

// gone waits until a key is not there any more, and tells how long it was.
func gone(t testing.TB, s *cache.Service, key string, since time.Time) time.Duration {
	t.Helper()
	for get(t, s, key).Value != nil {
		if time.Since(since) > 10*time.Second {
			t.Fatalf("%q does not end", key)
		}
		time.Sleep(10 * time.Millisecond) // between looks
	}
	return time.Since(since)
}

func wantLife(t testing.TB, what string, life, ttl time.Duration) {
	t.Helper()
	if life < ttl || life > ttl+2500*time.Millisecond {
		t.Errorf("%s lived for %v, want %v and at most what the backend's clock rounds up", what, life, ttl)
	}
}

func timeToLive(t *testing.T, s *cache.Service) {
	since := time.Now()
	set(t, s, "ttl", "x", 300*time.Millisecond)
	set(t, s, "ttl/none", "x", 0)
	wantValue(t, s, "ttl", "x")
	wantLife(t, "an entry", gone(t, s, "ttl", since), 300*time.Millisecond)
	wantValue(t, s, "ttl/none", "x")
	Do(t, s, cache.Request{Op: cache.Put, Mode: cache.Add, Key: "ttl", Value: []byte("y"), TTL: 1}).Want(t, "add after the end", abi.OK)
	Do(t, s, cache.Request{Op: cache.Count, Key: "ttl/count", Create: true, TTL: 300 * time.Millisecond}).Want(t, "create", abi.OK)
	wantLife(t, "a number", gone(t, s, "ttl/count", time.Now()), 200*time.Millisecond)
}

func longLife(t *testing.T, s *cache.Service) {
	for n, ttl := range []time.Duration{
		time.Hour, 30 * 24 * time.Hour, 30*24*time.Hour + time.Second, 31 * 24 * time.Hour, 400 * 24 * time.Hour, 50 * 365 * 24 * time.Hour, math.MaxInt64,
	} {
		key := fmt.Sprintf("long/%d", n)
		set(t, s, key, "x", ttl)
		wantValue(t, s, key, "x")
		Do(t, s, cache.Request{Op: cache.Touch, Key: key, TTL: ttl}).Want(t, "touch", abi.OK)
		wantValue(t, s, key, "x")
	}
}

func touch(t *testing.T, s *cache.Service) {
	to := func(key string, ttl time.Duration) Answer {
		return Do(t, s, cache.Request{Op: cache.Touch, Key: key, TTL: ttl})
	}
	to("touch", time.Hour).Want(t, "touch nothing", abi.ErrNotFound)
	to("touch", 0).Want(t, "touch nothing", abi.ErrNotFound)
	set(t, s, "touch", "x", 0)
	to("touch", 0).Want(t, "touch what has no end", abi.OK)
	set(t, s, "touch/longer", "x", 100*time.Millisecond)
	set(t, s, "touch/never", "x", 100*time.Millisecond)
	to("touch/longer", time.Hour).Want(t, "touch", abi.OK)
	to("touch/never", 0).Want(t, "touch", abi.OK)
	since := time.Now()
	to("touch", 100*time.Millisecond).Want(t, "touch", abi.OK)
	wantLife(t, "what was touched", gone(t, s, "touch", since), 100*time.Millisecond)
	wantValue(t, s, "touch/longer", "x")
	wantValue(t, s, "touch/never", "x")
}

func countKeepsItsEnd(t *testing.T, s *cache.Service) {
	since := time.Now()
	for key, value := range map[string]string{"end": "10", "end/top": "18446744073709551614"} {
		set(t, s, key, value, 500*time.Millisecond)
		Do(t, s, cache.Request{Op: cache.Count, Key: key, Delta: -1}).Want(t, "count down", abi.OK)
		Do(t, s, cache.Request{Op: cache.Count, Key: key, Delta: 2}).Want(t, "count up", abi.OK)
	}
	wantValue(t, s, "end", "11")
	wantValue(t, s, "end/top", "18446744073709551615")
	wantLife(t, "a number", gone(t, s, "end", since), 500*time.Millisecond)
	wantLife(t, "a great number", gone(t, s, "end/top", since), 500*time.Millisecond)
}

func refused(t *testing.T, s *cache.Service) {
	many := make([]string, cache.MaxKeys+1)
	for n := range many {
		many[n] = "k"
	}
	for name, test := range map[string]struct {
		request cache.Request
		status  abi.Status
	}{
		"no keys":        {cache.Request{Op: cache.Get}, abi.ErrInvalid},
		"too many keys":  {cache.Request{Op: cache.Get, Keys: many}, abi.ErrInvalid},
		"an empty key":   {cache.Request{Op: cache.Get, Keys: []string{"a", ""}}, abi.ErrInvalid},
		"no key":         {cache.Request{Op: cache.Put}, abi.ErrInvalid},
		"a long key":     {cache.Request{Op: cache.Delete, Key: strings.Repeat("k", cache.MaxKey+1)}, abi.ErrInvalid},
		"a mode":         {cache.Request{Op: cache.Put, Key: "k", Mode: 4}, abi.ErrInvalid},
		"a negative ttl": {cache.Request{Op: cache.Put, Key: "k", TTL: -1}, abi.ErrInvalid},
		"an operation":   {cache.Request{Op: 7, Key: "k"}, abi.ErrUnsupported},
		"a great value":  {cache.Request{Op: cache.Put, Key: "k", Value: make([]byte, cache.MaxValue+1)}, abi.ErrTooLarge},
	} {
		Do(t, s, test.request).Want(t, name, test.status)
	}
	if e := get(t, s, "k"); e.Value != nil {
		t.Fatal("something was stored")
	}
}

// side runs n goroutines and waits for them.
func side(n int, f func(n int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { f(i) })
	}
	all.Wait()
}

func concurrentAdd(t *testing.T, s *cache.Service) {
	for round := range 20 {
		var won atomic.Int32
		side(8, func(n int) {
			a := <-Go(s, noCall, cache.Request{Op: cache.Put, Mode: cache.Add, Key: fmt.Sprintf("race/add/%d", round), Value: []byte{byte(n)}})
			switch a.Status() {
			case abi.OK:
				won.Add(1)
			case abi.ErrConflict:
			default:
				t.Errorf("add: %v", a.Err)
			}
		})
		if won.Load() != 1 {
			t.Fatalf("%d of 8 added the same key", won.Load())
		}
	}
}

func concurrentSwap(t *testing.T, s *cache.Service) {
	const workers, times = 8, 25
	set(t, s, "race/swap", "", 0)
	side(workers, func(n int) {
		for range times {
			for {
				read := <-Go(s, noCall, cache.Request{Op: cache.Get, Keys: []string{"race/swap"}})
				if read.Err != nil {
					t.Errorf("get: %v", read.Err)
					return
				}
				e := read.Entries[0]
				a := <-Go(s, noCall, cache.Request{Op: cache.Put, Mode: cache.Swap, Key: "race/swap", Version: e.Version, Value: append(bytes.Clone(e.Value), byte('a'+n))})
				if a.Err == nil {
					break
				}
				if a.Status() != abi.ErrConflict {
					t.Errorf("swap: %v", a.Err)
					return
				}
			}
		}
	})
	value := string(get(t, s, "race/swap").Value)
	for n := range workers {
		if got := strings.Count(value, string(rune('a'+n))); got != times {
			t.Errorf("%d of %d updates by %c are left", got, times, 'a'+n)
		}
	}
}

func concurrentCount(t *testing.T, s *cache.Service) {
	side(8, func(int) {
		for n := range 50 {
			delta := int64(3)
			if n%2 == 1 {
				delta = -2
			}
			if a := <-Go(s, noCall, cache.Request{Op: cache.Count, Key: "race/count", Delta: delta, Create: true, Initial: 1000}); a.Err != nil {
				t.Errorf("count: %v", a.Err)
			}
		}
	})
	// One of the 400 created it; its step, 3 (nobody's second comes first), was not taken.
	wantValue(t, s, "race/count", strconv.Itoa(1000+8*25-3))
}

func concurrentTop(t *testing.T, s *cache.Service) {
	set(t, s, "race/top", "18446744073709551605", 0) // ten below the top
	var counted, over atomic.Int32
	side(40, func(int) {
		switch a := <-Go(s, noCall, cache.Request{Op: cache.Count, Key: "race/top", Delta: 1}); a.Status() {
		case abi.OK:
			counted.Add(1)
		case abi.ErrConflict:
			over.Add(1)
		default:
			t.Errorf("count: %v", a.Err)
		}
	})
	if counted.Load() != 10 || over.Load() != 30 {
		t.Errorf("%d counted and %d were over, want 10 and 30", counted.Load(), over.Load())
	}
	wantValue(t, s, "race/top", "18446744073709551615")
}

func concurrentCreate(t *testing.T, s *cache.Service) {
	for round := range 10 {
		key := fmt.Sprintf("race/create/%d", round)
		side(8, func(int) {
			if a := <-Go(s, noCall, cache.Request{Op: cache.Count, Key: key, Delta: 1, Create: true, Initial: 1}); a.Err != nil {
				t.Errorf("count: %v", a.Err)
			}
		})
		wantValue(t, s, key, "8")
	}
}

func probe(t *testing.T, s *cache.Service) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := s.Probe(ctx); err != nil {
		t.Fatal(err)
	}
	before := s.Stats().Done
	set(t, s, "probe", "x", 0)
	wantValue(t, s, "probe", "x")
	// A worker counts an operation after it has answered it.
	for deadline := time.Now().Add(5 * time.Second); s.Stats().Done-before != 2; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the stats count %d operations, want 2", s.Stats().Done-before)
		}
	}
	if s.ID() != "eg.cache/1" {
		t.Errorf("the id is %q", s.ID())
	}
}
