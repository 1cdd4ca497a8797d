package directory

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage/storagetest"
)

func openIn(t testing.TB, path string) *storage.Service {
	t.Helper()
	s, err := Open(storagetest.Spec("directory", config.Options{"path": path, "max_object": int64(1 << 30)}), storagetest.Env(t))
	return storagetest.Started(t, s, err)
}

// TestBodiesAreNotCopied: what is stored is written from where it is, and what
// is read lies in one piece of memory of its size.
func TestBodiesAreNotCopied(t *testing.T) {
	s := openIn(t, t.TempDir())
	const size = 48 << 20
	body := make([]byte, size)
	storagetest.Do(t, s, storage.Put{Key: "warm"})
	if n := allocated(func() { storagetest.Do(t, s, storage.Put{Key: "k", Body: body}) }); n > 1<<20 {
		t.Errorf("to store %d bytes, %d were allocated", size, n)
	}
	if n := allocated(func() { storagetest.Do(t, s, storage.Get{Key: "k"}) }); n > size+1<<20 {
		t.Errorf("to read %d bytes, %d were allocated", size, n)
	}
	if n := allocated(func() { storagetest.Do(t, s, storage.Get{Key: "k", Offset: size - 100}) }); n > 1<<20 {
		t.Errorf("to read 100 bytes, %d were allocated", n)
	}
}

func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// TestManyNames pages through one folder of 8,000 objects.
func TestManyNames(t *testing.T) {
	path := t.TempDir()
	s := openIn(t, path)
	storagetest.Do(t, s, storage.Put{Key: "many/first"})
	first := filepath.Join(path, objects, pathOf("many/first"))
	want := []string{"many/first"}
	for n := range 8_000 {
		key := fmt.Sprintf("many/%d", n*7919%8_000)
		if err := os.Link(first, filepath.Join(path, objects, pathOf(key))); err != nil {
			t.Skipf("no links here: %v", err)
		}
		want = append(want, key)
	}
	slices.Sort(want)
	var got []string
	for list := (storage.List{Prefix: "many/"}); ; {
		page := storagetest.Do(t, s, list).Page
		for _, e := range page.Entries {
			got = append(got, e.Key)
		}
		if list.After = page.Next; list.After == "" {
			break
		}
		if len(page.Entries) != storage.MaxEntries {
			t.Fatalf("a page of %d", len(page.Entries))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d keys; want %d", len(got), len(want))
	}
}

func BenchmarkPut(b *testing.B) {
	for _, size := range []int{100, 100_000, 10_000_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s, body := openIn(b, b.TempDir()), make([]byte, size)
			b.SetBytes(int64(size))
			for b.Loop() {
				storagetest.Do(b, s, storage.Put{Key: "k", Body: body})
			}
		})
	}
}

func BenchmarkGet(b *testing.B) {
	for _, size := range []int{100, 100_000, 10_000_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := openIn(b, b.TempDir())
			storagetest.Do(b, s, storage.Put{Key: "some/folder/k", Body: make([]byte, size)})
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				storagetest.Do(b, s, storage.Get{Key: "some/folder/k"})
			}
		})
	}
}
