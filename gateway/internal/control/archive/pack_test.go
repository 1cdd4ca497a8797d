package archive_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/archive"
)

func write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(content), 0o600))
	}
}

func TestEqualFoldersGiveEqualArchives(t *testing.T) {
	files := map[string]string{"Cargo.toml": "[package]", "src/lib.rs": "// lib", "src/grüße.txt": "hi", "z/y/x": ""}
	one, two := t.TempDir(), t.TempDir()
	write(t, one, files)
	write(t, two, files)
	// None of this is source, or follows from it.
	write(t, two, map[string]string{"target/debug/out": "x", ".git/HEAD": "x", ".edge-gateway/cache": "x"})
	must(t, os.Chtimes(filepath.Join(two, "Cargo.toml"), time.Time{}, time.Unix(1_000_000_000, 0)))
	must(t, os.Chmod(filepath.Join(two, "Cargo.toml"), 0o666))
	must(t, os.Mkdir(filepath.Join(two, "empty"), 0o755))

	var a, b bytes.Buffer
	sum, err := archive.Pack(&a, one)
	must(t, err)
	_, err = archive.Pack(&b, two)
	must(t, err)
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("the archives differ")
	}
	hash := sha256.Sum256(a.Bytes())
	if sum.Files != 4 || sum.Size != 17 || sum.Digest != hex.EncodeToString(hash[:]) {
		t.Errorf("%+v", sum)
	}

	must(t, os.Chmod(filepath.Join(two, "src/lib.rs"), 0o755))
	var c bytes.Buffer
	_, err = archive.Pack(&c, two)
	must(t, err)
	if bytes.Equal(a.Bytes(), c.Bytes()) {
		t.Error("whether a file may be executed makes no difference")
	}
}

func TestWhatIsPackedUnpacksTheSame(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a.c": "int a;", "sub/b.h": "int b;"})
	must(t, os.Symlink(filepath.Join(dir, "a.c"), filepath.Join(dir, "linked.c")))
	var packed bytes.Buffer
	before, err := archive.Pack(&packed, dir)
	must(t, err)
	out := t.TempDir()
	_, err = archive.Unpack(&packed, out, archive.Limits{})
	must(t, err)
	if got := list(t, out); !slices.Equal(got, []string{"a.c", "linked.c", "sub/b.h"}) {
		t.Error(got)
	}
	if after, err := archive.Pack(&packed, out); err != nil || after != before {
		t.Errorf("%+v is not %+v (%v)", after, before, err)
	}
}

func TestPackRefusesWhatCouldNotBeUnpacked(t *testing.T) {
	for _, name := range []string{"a:b", "aux.c", "line\nbreak"} {
		dir := t.TempDir()
		write(t, dir, map[string]string{name: "x"})
		if _, err := archive.Pack(new(bytes.Buffer), dir); err == nil {
			t.Errorf("%q was packed", name)
		}
	}
	dir := t.TempDir()
	must(t, os.Symlink(t.TempDir(), filepath.Join(dir, "elsewhere")))
	if _, err := archive.Pack(new(bytes.Buffer), dir); err == nil {
		t.Error("a link to another folder was packed")
	}
}

func list(t testing.TB, dir string) (names []string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if !e.Type().IsRegular() {
			t.Errorf("%s is a %v", path, e.Type())
		}
		name, _ := filepath.Rel(dir, path)
		names = append(names, filepath.ToSlash(name))
		return nil
	}))
	return names
}

// Whatever the bytes are, what is unpacked is inside the folder and within the
// limits, and packs to something that unpacks to the same.
func FuzzUnpack(f *testing.F) {
	for _, form := range forms {
		f.Add(form.make(f, entry{name: "a/b.c", content: "int x;"}, entry{name: "c", content: "y", mode: 0o755}))
		f.Add(form.make(f, entry{name: "../up", content: "x"}))
		f.Add(form.make(f, entry{name: "link", kind: '2', link: "/etc"}, entry{name: "link/x", content: "x"}))
	}
	limits := archive.Limits{Total: 4096, File: 2048, Entries: 16, Depth: 4, Name: 64}
	f.Fuzz(func(t *testing.T, data []byte) {
		parent := t.TempDir()
		dir := filepath.Join(parent, "in")
		sum, err := archive.Unpack(bytes.NewReader(data), dir, limits)
		if entries, _ := os.ReadDir(parent); len(entries) != 1 {
			t.Fatalf("something was written beside the folder: %v", entries)
		}
		names := list(t, dir)
		if len(names) > limits.Entries {
			t.Fatalf("%d files", len(names))
		}
		if err != nil {
			if kindOf(err) == 0 {
				t.Fatalf("%v is not laid to the archive", err)
			}
			return
		}
		if sum.Files != len(names) || sum.Size > limits.Total {
			t.Fatalf("%+v of %v", sum, names)
		}
		var packed, again bytes.Buffer
		first, err := archive.Pack(&packed, dir)
		must(t, err)
		_, err = archive.Unpack(bytes.NewReader(packed.Bytes()), filepath.Join(parent, "out"), limits)
		must(t, err)
		second, err := archive.Pack(&again, filepath.Join(parent, "out"))
		must(t, err)
		if first != second {
			t.Fatalf("%+v, then %+v", first, second)
		}
	})
}
