package storagetest

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
)

func same(t *testing.T, what string, got, want *storage.Object) {
	t.Helper()
	a, b := *got, *want
	a.Body, b.Body, a.Modified, b.Modified = nil, nil, time.Time{}, time.Time{}
	if len(a.Metadata)+len(b.Metadata) == 0 {
		a.Metadata, b.Metadata = nil, nil
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%s: %+v; want %+v", what, a, b)
	}
}

func putGetHeadDelete(t *testing.T, s *storage.Service, d Driver) {
	Fails(t, s, nil, storage.Get{Key: "a.txt"}, abi.ErrNotFound)
	Fails(t, s, nil, storage.Head{Key: "a.txt"}, abi.ErrNotFound)
	Do(t, s, storage.Delete{Key: "a.txt"})
	before := time.Now().Add(-2 * time.Second)
	put := Do(t, s, storage.Put{Key: "a.txt", ContentType: "text/plain", Body: []byte("content")}).Object
	if put.Size != 7 || put.ETag == "" || put.ContentType != "text/plain" || put.Body != nil {
		t.Errorf("put: %+v", put)
	}
	if !d.NoTime && put.Modified.Before(before) {
		t.Errorf("put: modified at %v", put.Modified)
	}
	get := Do(t, s, storage.Get{Key: "a.txt"}).Object
	if string(get.Body) != "content" || get.Modified.Before(before) || get.Modified.After(time.Now().Add(2*time.Second)) {
		t.Errorf("get: %q, modified at %v", get.Body, get.Modified)
	}
	same(t, "get", get, put)
	head := Do(t, s, storage.Head{Key: "a.txt"}).Object
	same(t, "head", head, put)
	if head.Body != nil {
		t.Error("head has a body")
	}
	Do(t, s, storage.Put{Key: "empty"})
	empty := Do(t, s, storage.Get{Key: "empty"}).Object
	if empty.Body == nil || len(empty.Body) != 0 || empty.ContentType != "application/octet-stream" {
		t.Errorf("empty: %+v", empty)
	}
	Do(t, s, storage.Delete{Key: "a.txt"})
	Fails(t, s, nil, storage.Get{Key: "a.txt"}, abi.ErrNotFound)
	Do(t, s, storage.Delete{Key: "a.txt"})
}

func metadata(t *testing.T, s *storage.Service, _ Driver) {
	fields := []storage.Field{
		{Name: "Z-Last", Value: "z"}, {Name: "author", Value: "Änne =?utf-8?q?x?="}, {Name: "word", Value: "=?utf-8?q?x?="}, {Name: "spaces", Value: "a  b"},
		{Name: "content-type", Value: "not the type"}, {Name: "cache-control", Value: "none"}, {Name: "x-amz-meta-own", Value: "1"}, {Name: "edges", Value: "  x "},
		{Name: "long", Value: strings.Repeat("v", 1000)}, {Name: "emoji", Value: strings.Repeat("🦀", 50)}, {Name: "comma", Value: "a,b, c"},
	}
	want := make([]storage.Field, len(fields))
	for n, f := range fields {
		want[n] = storage.Field{Name: strings.ToLower(f.Name), Value: f.Value}
	}
	slices.SortFunc(want, func(a, b storage.Field) int { return strings.Compare(a.Name, b.Name) })
	put := Do(t, s, storage.Put{Key: "m", ContentType: "text/html; charset=utf-8", Metadata: fields, Body: []byte("x")}).Object
	head := Do(t, s, storage.Head{Key: "m"}).Object
	same(t, "head", head, put)
	if !slices.Equal(head.Metadata, want) {
		t.Errorf("%q\nwant %q", head.Metadata, want)
	}
	same(t, "get", Do(t, s, storage.Get{Key: "m"}).Object, put)
	Do(t, s, storage.Put{Key: "m", Body: []byte("y")})
	if o := Do(t, s, storage.Head{Key: "m"}).Object; len(o.Metadata) != 0 || o.ContentType != "application/octet-stream" {
		t.Errorf("overwritten, it still has %+v", o)
	}
}

func parts(t *testing.T, s *storage.Service, _ Driver) {
	content := []byte("0123456789")
	etag := Do(t, s, storage.Put{Key: "p", Body: content}).Object.ETag
	for _, c := range []struct {
		offset, length int64
		want           string
	}{{0, 0, "0123456789"}, {0, 3, "012"}, {3, 4, "3456"}, {3, 0, "3456789"}, {8, 100, "89"}, {9, 1, "9"}, {10, 0, ""}, {10, 5, ""}} {
		o := Do(t, s, storage.Get{Key: "p", Offset: c.offset, Length: c.length, ETag: etag}).Object
		if string(o.Body) != c.want || o.Size != 10 || o.Offset != c.offset || o.ETag != etag {
			t.Errorf("%d+%d: %q of %d at %d", c.offset, c.length, o.Body, o.Size, o.Offset)
		}
	}
	for _, offset := range []int64{11, 1 << 40, 1<<63 - 1} {
		if e := Fails(t, s, nil, storage.Get{Key: "p", Offset: offset}, abi.ErrInvalid); e.Code != "range" {
			t.Errorf("code %q", e.Code)
		}
	}
	Do(t, s, storage.Put{Key: "none"})
	if o := Do(t, s, storage.Get{Key: "none", Length: 10}).Object; len(o.Body) != 0 || o.Size != 0 {
		t.Errorf("part of nothing: %+v", o)
	}
	Do(t, s, storage.Put{Key: "p", Body: []byte("9876543210")})
	Fails(t, s, nil, storage.Get{Key: "p", ETag: etag}, abi.ErrConflict)
	Fails(t, s, nil, storage.Get{Key: "p", Offset: 5, ETag: etag}, abi.ErrConflict)
}

func create(t *testing.T, s *storage.Service, _ Driver) {
	Do(t, s, storage.Put{Key: "c", Create: true, Body: []byte("first")})
	Fails(t, s, nil, storage.Put{Key: "c", Create: true, Body: []byte("second")}, abi.ErrConflict)
	if o := Do(t, s, storage.Get{Key: "c"}).Object; string(o.Body) != "first" {
		t.Errorf("%q", o.Body)
	}
	Do(t, s, storage.Delete{Key: "c"})
	Do(t, s, storage.Put{Key: "c", Create: true, Body: []byte("third")})
}

func createOnlyOne(t *testing.T, s *storage.Service, _ Driver) {
	const rounds, rivals = 5, 16
	for round := range rounds {
		key := fmt.Sprintf("only/%d", round)
		var won atomic.Int32
		var winner atomic.Value
		var all sync.WaitGroup
		for n := range rivals {
			all.Go(func() {
				body := fmt.Sprintf("rival %d", n)
				_, err := s.Do(service.Call{}, storage.Put{Key: key, Create: true, Body: []byte(body)})
				switch {
				case err == nil:
					won.Add(1)
					winner.Store(body)
				case service.ErrorOf(err).Status != abi.ErrConflict:
					t.Errorf("rival %d: %s", n, Describe(err))
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d rivals created the same object", won.Load())
		}
		if o := Do(t, s, storage.Get{Key: key}).Object; string(o.Body) != winner.Load() {
			t.Errorf("it has %q, but %q won", o.Body, winner.Load())
		}
	}
}

// overwrite reads while the object is replaced: each time it is one of the two,
// whole, with its own metadata.
func overwrite(t *testing.T, s *storage.Service, _ Driver) {
	type version struct {
		body []byte
		mark string
	}
	versions := []version{{bytes.Repeat([]byte("a"), 100_000), "a"}, {bytes.Repeat([]byte("bb"), 100_000), "b"}}
	write := func(v version) error {
		_, err := s.Do(service.Call{}, storage.Put{Key: "w", Body: v.body, Metadata: []storage.Field{{Name: "mark", Value: v.mark}}})
		return err
	}
	if err := write(versions[0]); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for _, v := range versions {
		all.Go(func() {
			for range 20 {
				if err := write(v); err != nil {
					t.Error(Describe(err))
				}
			}
		})
	}
	for range 2 {
		all.Go(func() {
			for range 40 {
				result, err := s.Do(service.Call{}, storage.Get{Key: "w"})
				if err != nil {
					t.Error(Describe(err))
					return
				}
				o, whole := result.Object, false
				for _, v := range versions {
					whole = whole || bytes.Equal(o.Body, v.body) && len(o.Metadata) == 1 && o.Metadata[0].Value == v.mark
				}
				if !whole {
					t.Errorf("%d bytes, %q...: neither of the two", len(o.Body), o.Body[:min(4, len(o.Body))])
				}
			}
		})
	}
	all.Wait()
}

func copies(t *testing.T, s *storage.Service, _ Driver) {
	Fails(t, s, nil, storage.Copy{From: "from", To: "to"}, abi.ErrNotFound)
	put := Do(t, s, storage.Put{Key: "from", ContentType: "text/plain", Body: []byte("copy me"), Metadata: []storage.Field{{Name: "k", Value: "v"}}}).Object
	fill(t, s, "to")
	for _, to := range []string{"to", "deep/new", "from"} {
		o := Do(t, s, storage.Copy{From: "from", To: to}).Object
		same(t, to, o, put)
		get := Do(t, s, storage.Get{Key: to}).Object
		same(t, to, get, put)
		if string(get.Body) != "copy me" {
			t.Errorf("%s: %q", to, get.Body)
		}
	}
	Do(t, s, storage.Delete{Key: "from"})
	Do(t, s, storage.Get{Key: "to"})
}

func large(t *testing.T, s *storage.Service, _ Driver) {
	content := bytes.Repeat([]byte("64 MiB! "), 8<<20)
	Do(t, s, storage.Put{Key: "big", Body: content})
	o := Do(t, s, storage.Get{Key: "big"}).Object
	if !bytes.Equal(o.Body, content) {
		t.Error("another content")
	}
	if o := Do(t, s, storage.Get{Key: "big", Offset: 60 << 20, Length: 8}).Object; string(o.Body) != "64 MiB! " {
		t.Errorf("%q", o.Body)
	}
	Fails(t, s, nil, storage.Put{Key: "bigger", Body: append(content, '.')}, abi.ErrTooLarge)
}

func refusals(t *testing.T, s *storage.Service, _ Driver) {
	long := strings.Repeat("k", 1025)
	for _, r := range []storage.Request{
		storage.Get{}, storage.Get{Key: "nul\x00"}, storage.Get{Key: "\xff"}, storage.Head{Key: long}, storage.Delete{Key: "\xc3"},
		storage.Get{Key: "k", Offset: -1}, storage.Get{Key: "k", Length: -1}, storage.Get{Key: "k", ETag: "a\r\nb"},
		storage.Put{Key: "k", ContentType: "a\r\nb: c"}, storage.Put{Key: "k", ContentType: strings.Repeat("t", 256)},
		storage.Put{Key: "k", Metadata: []storage.Field{{Name: "a b", Value: ""}}},
		storage.Put{Key: "k", Metadata: []storage.Field{{Name: "", Value: ""}}},
		storage.Put{Key: "k", Metadata: []storage.Field{{Name: "a", Value: "x\r\ny"}}},
		storage.Put{Key: "k", Metadata: []storage.Field{{Name: "a", Value: "\xff"}}},
		storage.Put{Key: "k", Metadata: []storage.Field{{Name: "a", Value: "1"}, {Name: "A", Value: "2"}}},
		storage.Copy{From: "k"}, storage.Copy{To: "k"}, storage.List{Prefix: "\xff"}, storage.List{After: long}, storage.List{Delimiter: "\x00"},
		storage.Presign{Key: "k"}, storage.Presign{Key: "k", Lifetime: 8 * 24 * time.Hour}, storage.Presign{Key: "k", Lifetime: -1},
	} {
		Fails(t, s, nil, r, abi.ErrInvalid)
	}
	Fails(t, s, nil, storage.Put{Key: "k", Metadata: []storage.Field{{Name: "a", Value: strings.Repeat("v", 2048)}}}, abi.ErrTooLarge)
	if got := all(t, s, storage.List{}); len(got) != 0 {
		t.Errorf("what was refused left %q", got)
	}
}

func deadline(t *testing.T, s *storage.Service, _ Driver) {
	_, err := s.Do(service.Call{Deadline: time.Now().Add(-time.Second)}, storage.Get{Key: "k"})
	if service.ErrorOf(err).Status != abi.ErrDeadline {
		t.Errorf("%s", Describe(err))
	}
	var once sync.WaitGroup
	once.Add(1) // a second call of done would panic
	cancel := s.Submit(service.Call{}, storage.Put{Key: "k", Body: make([]byte, 1<<20)}, func(storage.Result, error) { once.Done() })
	cancel()
	once.Wait()
	fill(t, s, "after")
}
