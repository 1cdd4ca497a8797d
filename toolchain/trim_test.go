package toolchain_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/toolchain"
)

// age makes a file one that was last used so long ago.
func age(t *testing.T, path string, by time.Duration) {
	t.Helper()
	then := time.Now().Add(-by)
	must(t, os.Chtimes(path, then, then))
}

func TestTrimDeletesTheLeastRecentlyUsedFirst(t *testing.T) {
	cache := t.TempDir()
	tc := newToolchain(t, toolchain.Config{CacheDir: cache})
	_, before, err := tc.Trim(1 << 40)
	must(t, err)
	blob := string(make([]byte, 1<<20))
	for i, name := range []string{"old", "older", "new"} {
		root := filepath.Join(cache, "stage", name)
		write(t, filepath.Join(root, "lock"), "")
		write(t, filepath.Join(root, "target/product"), blob)
		age(t, filepath.Join(root, "lock"), []time.Duration{time.Hour, 2 * time.Hour, time.Minute}[i])
	}
	for name, ago := range map[string]time.Duration{"kept.so": 9 * time.Hour, "oldest.so": 5 * time.Hour, "fresh.so": time.Minute} {
		write(t, filepath.Join(cache, "lib", name), blob)
		age(t, filepath.Join(cache, "lib", name), ago)
	}
	kept := filepath.Join(cache, "lib", "kept.so")

	freed, remaining, err := tc.Trim(before+4<<20+1<<19, kept)
	must(t, err)
	if freed < 2<<20 || remaining > before+4<<20+1<<19 {
		t.Errorf("freed %d, remaining %d of %d", freed, remaining, before)
	}
	if left := names(t, filepath.Join(cache, "stage")); len(left) != 2 || left[0] != "new" || left[1] != "old" {
		t.Errorf("stages %v", left)
	}
	if left := names(t, filepath.Join(cache, "lib")); len(left) != 2 || left[0] != "fresh.so" || left[1] != "kept.so" {
		t.Errorf("libraries %v", left)
	}

	freed, remaining, err = tc.Trim(0, kept)
	must(t, err)
	if left := names(t, filepath.Join(cache, "stage")); len(left) != 0 || freed < 2<<20 || remaining < 2<<20 {
		t.Errorf("stages %v, freed %d, remaining %d", left, freed, remaining)
	}
	if left := names(t, filepath.Join(cache, "lib")); len(left) != 2 {
		t.Errorf("libraries %v", left)
	}
}

// A project is built while the cache is trimmed to nothing all the time.
func TestTrimBreaksNoBuild(t *testing.T) {
	need(t, programs[toolchain.Rust]...)
	tc := newToolchain(t, toolchain.Config{Offline: true})
	ended := make(chan struct{})
	var trimmer, builders sync.WaitGroup
	var all int64
	trimmer.Go(func() {
		often := time.NewTicker(time.Millisecond)
		defer often.Stop()
		for {
			freed, _, err := tc.Trim(0)
			if err != nil {
				t.Error(err)
			}
			all += freed
			select {
			case <-ended:
				return
			case <-often.C:
			}
		}
	})
	dir := project(t,
		"Cargo.toml", "[package]\nname = \"plain\"\nversion = \"0.1.0\"\n[lib]\ncrate-type = [\"cdylib\"]\n",
		"src/lib.rs", "#[no_mangle]\npub extern \"C\" fn handler_entry() -> i32 { 0 }\n")
	for range 2 {
		builders.Go(func() {
			for range 3 {
				if library, err := tc.Build(t.Context(), dir); err != nil {
					t.Error(err)
				} else if fileDigest(t, library.Path) != library.Digest {
					t.Error("the library is not there")
				}
			}
		})
	}
	builders.Wait()
	close(ended)
	trimmer.Wait()
	if all == 0 {
		t.Error("nothing was trimmed")
	}
}

// What a build that was killed has left goes at the next start; what one that
// goes on needs stays, however old it looks.
func TestLeftoversOfKilledBuildsAreRemoved(t *testing.T) {
	need(t, programs[toolchain.C]...)
	cache := t.TempDir()
	root := filepath.Join(cache, "tmp")
	killed, begun := filepath.Join(root, "build-killed"), filepath.Join(root, "build-begun")
	write(t, filepath.Join(killed, ".lock"), "")
	write(t, filepath.Join(killed, "handler.s"), "")
	write(t, filepath.Join(begun, ".lock"), "")
	age(t, killed, time.Hour)
	for _, name := range []string{".library-1", ".library-2"} {
		write(t, filepath.Join(cache, "lib", name), "")
	}
	age(t, filepath.Join(cache, "lib", ".library-1"), time.Hour)
	dir := project(t, "handler.c", "int handler_entry(void) { return 0; }\n")
	looked := false
	log := looking(func() {
		if looked {
			return
		}
		looked = true
		entries, err := os.ReadDir(root)
		must(t, err)
		for _, entry := range entries {
			if entry.Name() != "build-begun" {
				age(t, filepath.Join(root, entry.Name()), 48*time.Hour)
			}
		}
		newToolchain(t, toolchain.Config{CacheDir: cache})
		if left := names(t, root); len(left) != 2 {
			t.Errorf("while a build goes on there are %v", left)
		}
	})
	write(t, filepath.Join(dir, "handler.c"), "#warning here it is\nint handler_entry(void) { return 0; }\n")
	_, err := newToolchain(t, toolchain.Config{CacheDir: cache}).BuildRequest(t.Context(), toolchain.Request{Dir: dir, Log: log})
	must(t, err)
	if left := names(t, filepath.Join(cache, "lib")); len(left) != 2 || left[0] != ".library-2" {
		t.Errorf("in the cache there are %v", left)
	}
	if left := names(t, root); !looked || len(left) != 1 || left[0] != "build-begun" {
		t.Errorf("looked %v, left %v", looked, left)
	}
}

// looking is called with every line that a compiler prints.
type looking func()

func (l looking) Write(p []byte) (int, error) {
	l()
	return len(p), nil
}
