package storagetest

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
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

// Driver says what is special about the driver and its backend.
type Driver struct {
	// Open gives a service that has no objects.
	Open func(t testing.TB) *storage.Service
	// Keep picks the keys that the backend, not the driver, can keep.
	Keep func(keys []string) []string
	// Presigned serves the URLs that the service signs.
	Presigned func(t testing.TB, s *storage.Service) http.Handler
	// Left counts what unfinished uploads take up at the backend.
	Left func(t testing.TB, s *storage.Service) int
	// NoTime: the backend does not tell the time when it stores.
	NoTime bool
}

// Suite runs all cases on a driver.
func Suite(t *testing.T, d Driver) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s *storage.Service, d Driver)
	}{
		{"PutGetHeadDelete", putGetHeadDelete},
		{"Keys", keys},
		{"Metadata", metadata},
		{"Parts", parts},
		{"Create", create},
		{"CreateOnlyOne", createOnlyOne},
		{"Overwrite", overwrite},
		{"List", list},
		{"ListPages", listPages},
		{"Copy", copies},
		{"Upload", uploads},
		{"UploadEnds", uploadEnds},
		{"UploadLarge", uploadLarge},
		{"UploadCreate", uploadCreate},
		{"Large", large},
		{"Refusals", refusals},
		{"Presign", presign},
		{"Deadline", deadline},
		{"CloseFinishesUploads", closeFinishesUploads},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, d.Open(t), d) })
	}
}

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

// OddKeys are keys that many a backend stumbles over.
func OddKeys() []string {
	keys := []string{
		"a", "a/b", "a/b/c", "a-b", "a0", "ab", "A", "A/b", "con", "con.txt", "aux/nul", "lpt1", "com9.tar.gz",
		".", "..", "../x", "a/../b", "./a", "a/./b", "a//b", "//", "/", "/a", "a/", "a/b/", ".hidden", "-rf", "~",
		"trailing.", "trailing ", " leading", "dots...", "100%", "%41", "%2e%2e", "a+b", "a=b", "x+", "x=", "x%", "%",
		"back\\slash", "colon:", "star*", "quote\"", "<>|?", "semi;colon&amp", "#hash", "tab\t", "new\nline", "\x01\x7f",
		"größe", "gro\u0308ße", "日本語/キー", "🦀", "\U0010fffe", "\u200b", strings.Repeat("n", 79), strings.Repeat("n", 80),
		strings.Repeat("n", 80) + "/x", strings.Repeat("n", 80) + "!", strings.Repeat("n", 81), strings.Repeat("n", 79) + "ö",
		strings.Repeat("l", 300), strings.Repeat("L", 1024), strings.Repeat("ü", 512), strings.Repeat("d/", 511) + "e",
	}
	return keys
}

func keys(t *testing.T, s *storage.Service, d Driver) {
	kept := OddKeys()
	if d.Keep != nil {
		kept = d.Keep(kept)
		t.Logf("the backend cannot keep %d of %d odd keys", len(OddKeys())-len(kept), len(OddKeys()))
	}
	for _, key := range kept {
		Do(t, s, storage.Put{Key: key, Body: []byte("of " + key)})
	}
	for _, key := range kept {
		if o := Do(t, s, storage.Get{Key: key}).Object; string(o.Body) != "of "+key {
			t.Errorf("%q: %q", key, o.Body)
		}
	}
	slices.Sort(kept)
	if got := all(t, s, storage.List{Limit: 7}); !slices.Equal(got, kept) {
		t.Errorf("list: %q\nwant: %q", got, kept)
	}
	for n, key := range kept {
		Do(t, s, storage.Delete{Key: key})
		if n == len(kept)/2 { // the others are untouched
			if got := all(t, s, storage.List{}); !slices.Equal(got, kept[n+1:]) {
				t.Errorf("list: %q\nwant: %q", got, kept[n+1:])
			}
		}
	}
	if got := all(t, s, storage.List{}); len(got) != 0 {
		t.Errorf("left: %q", got)
	}
}

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

func uploads(t *testing.T, s *storage.Service, _ Driver) {
	scope, _ := Scope(t)
	other, _ := Scope(t)
	up := DoIn(t, s, scope, storage.Start{Key: "up", ContentType: "text/plain", Metadata: []storage.Field{{Name: "K", Value: "v"}}, Body: []byte("one ")}).Upload
	if up == 0 {
		t.Fatal("upload 0")
	}
	DoIn(t, s, scope, storage.Write{Upload: up, Bytes: []byte("two ")})
	Fails(t, s, nil, storage.Head{Key: "up"}, abi.ErrNotFound)
	if got := all(t, s, storage.List{}); len(got) != 0 {
		t.Errorf("before it is finished, %q is listed", got)
	}
	Fails(t, s, other, storage.Write{Upload: up, Bytes: []byte("x")}, abi.ErrNotFound)
	Fails(t, s, nil, storage.Finish{Upload: up}, abi.ErrNotFound)
	Fails(t, s, scope, storage.Write{Upload: up + 1}, abi.ErrNotFound)
	done := DoIn(t, s, scope, storage.Finish{Upload: up, Bytes: []byte("three")}).Object
	get := Do(t, s, storage.Get{Key: "up"}).Object
	same(t, "get", get, done)
	if string(get.Body) != "one two three" || get.ContentType != "text/plain" || len(get.Metadata) != 1 || get.Metadata[0] != (storage.Field{Name: "k", Value: "v"}) {
		t.Errorf("%+v", get)
	}
	for _, r := range []storage.Request{storage.Write{Upload: up}, storage.Finish{Upload: up}, storage.Abort{Upload: up}} {
		Fails(t, s, scope, r, abi.ErrNotFound)
	}
	up = DoIn(t, s, scope, storage.Start{Key: "up", Body: []byte("never")}).Upload
	DoIn(t, s, scope, storage.Abort{Upload: up})
	Fails(t, s, scope, storage.Finish{Upload: up}, abi.ErrNotFound)
	if o := Do(t, s, storage.Get{Key: "up"}).Object; string(o.Body) != "one two three" {
		t.Errorf("%q", o.Body)
	}
	Fails(t, s, nil, storage.Start{Key: "up"}, abi.ErrUnsupported)
	for range 16 {
		DoIn(t, s, other, storage.Start{Key: "many"})
	}
	Fails(t, s, other, storage.Start{Key: "many"}, abi.ErrOverloaded)
}

// uploadEnds: what is left open goes with the request.
func uploadEnds(t *testing.T, s *storage.Service, d Driver) {
	scope, end := Scope(t)
	up := DoIn(t, s, scope, storage.Start{Key: "left", Body: make([]byte, 6<<20)}).Upload
	DoIn(t, s, scope, storage.Write{Upload: up, Bytes: []byte("more")})
	end()
	Fails(t, s, scope, storage.Finish{Upload: up}, abi.ErrNotFound)
	Fails(t, s, scope, storage.Start{Key: "left"}, abi.ErrStale)
	Fails(t, s, nil, storage.Head{Key: "left"}, abi.ErrNotFound)
	if d.Left != nil {
		Eventually(t, "nothing is left of it", func() bool { return d.Left(t, s) == 0 })
	}
}

func uploadLarge(t *testing.T, s *storage.Service, _ Driver) {
	scope, _ := Scope(t)
	content := make([]byte, 13<<20+17)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(content)
	up := DoIn(t, s, scope, storage.Start{Key: "large", Body: content[:1000], ContentType: "x/y"}).Upload
	for rest := content[1000:]; len(rest) > 0; {
		n := min(len(rest), 1<<20+random1(random)) // 1 to 7 MiB
		DoIn(t, s, scope, storage.Write{Upload: up, Bytes: rest[:n]})
		rest = rest[n:]
	}
	done := DoIn(t, s, scope, storage.Finish{Upload: up}).Object
	get := Do(t, s, storage.Get{Key: "large"}).Object
	same(t, "get", get, done)
	if !bytes.Equal(get.Body, content) {
		t.Error("another content")
	}
}

func random1(r *rand.ChaCha8) int { return int(r.Uint64() % (6 << 20)) }

func uploadCreate(t *testing.T, s *storage.Service, _ Driver) {
	scope, _ := Scope(t)
	for _, size := range []int{3, 6 << 20} {
		key := fmt.Sprint("key", size)
		first := DoIn(t, s, scope, storage.Start{Key: key, Create: true, Body: make([]byte, size)}).Upload
		second := DoIn(t, s, scope, storage.Start{Key: key, Create: true, Body: make([]byte, size+1)}).Upload
		DoIn(t, s, scope, storage.Finish{Upload: first})
		Fails(t, s, scope, storage.Finish{Upload: second}, abi.ErrConflict)
		Fails(t, s, scope, storage.Finish{Upload: second}, abi.ErrNotFound)
		if o := Do(t, s, storage.Head{Key: key}).Object; o.Size != int64(size) {
			t.Errorf("size %d", o.Size)
		}
	}
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

func presign(t *testing.T, s *storage.Service, d Driver) {
	server := d.Presigned(t, s)
	send := func(method, url string, body []byte) (int, string) {
		t.Helper()
		return exchange(t, server, method, url, body)
	}
	for _, key := range []string{"plain.txt", "dir/with space & ü?#%.txt"} {
		put := Do(t, s, storage.Presign{Key: key, Write: true, Lifetime: time.Minute}).URL
		get := Do(t, s, storage.Presign{Key: key, Lifetime: time.Minute}).URL
		if status, body := send(http.MethodPut, put, []byte("signed "+key)); status != http.StatusOK {
			t.Fatalf("PUT: %d %s", status, body)
		}
		if status, body := send(http.MethodGet, get, nil); status != http.StatusOK || body != "signed "+key {
			t.Errorf("GET: %d %q", status, body)
		}
		if o := Do(t, s, storage.Get{Key: key}).Object; string(o.Body) != "signed "+key {
			t.Errorf("%q", o.Body)
		}
		for what, c := range map[string][2]string{
			"wrong method":   {http.MethodPut, get},
			"wrong method 2": {http.MethodGet, put},
			"altered key":    {http.MethodGet, strings.Replace(get, "plain", "plein", 1)},
			"altered key 2":  {http.MethodGet, strings.Replace(get, "with", "witt", 1)},
			"altered end":    {http.MethodGet, get[:len(get)-2] + flip(get[len(get)-2:])},
		} {
			if c[1] == get && c[0] == http.MethodGet {
				continue // that key has no such part
			}
			if status, _ := send(c[0], c[1], []byte("altered")); status != http.StatusForbidden {
				t.Errorf("%s: %d", what, status)
			}
		}
		if o := Do(t, s, storage.Get{Key: key}).Object; string(o.Body) != "signed "+key {
			t.Errorf("%q", o.Body)
		}
	}
	short := Do(t, s, storage.Presign{Key: "plain.txt", Lifetime: time.Second}).URL
	Eventually(t, "the URL expires", func() bool {
		status, _ := send(http.MethodGet, short, nil)
		return status == http.StatusForbidden
	})
}

func flip(end string) string {
	if end == "00" {
		return "11"
	}
	return "00"
}

func exchange(t *testing.T, server http.Handler, method, url string, body []byte) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if server == nil { // the URL leads to the backend
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		return answer.StatusCode, string(text)
	}
	w := &recorder{header: http.Header{}}
	server.ServeHTTP(w, r)
	return w.status, w.body.String()
}

type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

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

// closeFinishesUploads: an upload that is open may go on while the service is
// being closed, and nothing new begins.
func closeFinishesUploads(t *testing.T, s *storage.Service, _ Driver) {
	scope, _ := Scope(t)
	up := DoIn(t, s, scope, storage.Start{Key: "last", Body: []byte("one ")}).Upload
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		Close(t, s)
	}()
	Eventually(t, "the service takes no new upload", func() bool {
		other, end := abi.NewScope()
		defer end()
		_, err := s.Do(service.Call{Scope: other}, storage.Start{Key: "new"})
		return err != nil && service.ErrorOf(err).Status == abi.ErrClosing
	})
	DoIn(t, s, scope, storage.Write{Upload: up, Bytes: []byte("two")})
	DoIn(t, s, scope, storage.Finish{Upload: up})
	<-closed
	Fails(t, s, scope, storage.Get{Key: "last"}, abi.ErrClosing)
}

// Eventually waits, at most 10 s, until something is so.
func Eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	for limit := time.Now().Add(10 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("it never came about that %s", what)
		}
	}
}
