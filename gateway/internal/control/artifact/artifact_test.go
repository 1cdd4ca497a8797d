package artifact_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/artifact"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/toolchain"
)

func open(t *testing.T, dir string) *artifact.Store {
	t.Helper()
	s, err := artifact.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, f func(io.Reader, int64) (artifact.Artifact, error), content string) artifact.Artifact {
	t.Helper()
	a, err := f(strings.NewReader(content), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func digest(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// files are those of a folder, with their contents.
func files(t *testing.T, dir, folder string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, folder))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(dir, folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(content)
	}
	return all
}

func want(t *testing.T, err error, kind model.Kind) {
	t.Helper()
	problem := new(model.Error)
	if !errors.As(err, &problem) || problem.Kind != kind {
		t.Errorf("error %v, want one of kind %d", err, kind)
	}
}

func TestFilesAreNamedByTheirContent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data [1]")
	s := open(t, dir)
	library, source := put(t, s.PutLibrary, "library"), put(t, s.PutSource, "")
	for _, c := range []struct {
		got          artifact.Artifact
		content, ext string
		folder       string
	}{{library, "library", toolchain.Extension(), "versions"}, {source, "", ".tar", "sources"}} {
		name := digest(c.content) + c.ext
		expect := artifact.Artifact{Digest: digest(c.content), Size: int64(len(c.content)), Path: filepath.Join(dir, c.folder, name)}
		if c.got != expect {
			t.Errorf("put    %+v\nwant   %+v", c.got, expect)
		}
		if got := files(t, dir, c.folder); !maps.Equal(got, map[string]string{name: c.content}) {
			t.Errorf("%s has %q", c.folder, got)
		}
	}
	if got, err := s.Library(library.Digest); err != nil || got != library {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := s.Source(source.Digest); err != nil || got != source {
		t.Errorf("%+v %v", got, err)
	}
	for _, name := range []string{"", digest("other"), "../versions/" + library.Digest, strings.ToUpper(library.Digest), library.Digest[:8]} {
		_, err := s.Library(name)
		want(t, err, model.Missing)
		_, err = s.Source(name)
		want(t, err, model.Missing)
	}
}

func TestWhatIsNotWholeIsNotKept(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if _, err := s.PutLibrary(strings.NewReader("12345"), 5); err != nil {
		t.Error(err)
	}
	_, err := s.PutLibrary(strings.NewReader("123456"), 5)
	want(t, err, model.TooLarge)
	broken := errors.New("the client went away")
	if _, err = s.PutSource(io.MultiReader(strings.NewReader("some"), iotest.ErrReader(broken)), 100); !errors.Is(err, broken) {
		t.Error(err)
	}
	if got := files(t, dir, "versions"); len(got) != 1 {
		t.Errorf("versions has %q", got)
	}
	if got := files(t, dir, "sources"); len(got) != 0 {
		t.Errorf("sources has %q", got)
	}
}

func TestDamagedFileIsWholeAfterItIsPutAgain(t *testing.T) {
	s := open(t, t.TempDir())
	a := put(t, s.PutLibrary, "library")
	if err := os.WriteFile(a.Path, []byte("lib"), 0o600); err != nil {
		t.Fatal(err)
	}
	put(t, s.PutLibrary, "library")
	if got, err := os.ReadFile(a.Path); err != nil || string(got) != "library" {
		t.Errorf("%q %v", got, err)
	}
}

// TestManyAtOnce: the same content from many sides, while others read it, and
// while what nobody needs is removed.
func TestManyAtOnce(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	contents := []string{strings.Repeat("a", 100_000), strings.Repeat("b", 100_000)}
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			content := contents[n%2]
			for range 20 {
				a, err := s.PutLibrary(strings.NewReader(content), 1<<20)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := os.ReadFile(a.Path); err != nil || string(got) != content {
					t.Errorf("%d bytes, %v", len(got), err)
				}
			}
		})
	}
	nothing := func(string) bool { return false }
	for range 50 {
		if _, _, err := s.Collect(nothing, nothing); err != nil {
			t.Error(err)
		}
	}
	all.Wait()
	if got := files(t, dir, "versions"); len(got) != 2 {
		t.Errorf("versions has %q", slices.Sorted(maps.Keys(got)))
	}
}

func TestCollect(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	now := time.Now()
	s.SetClock(func() time.Time { return now })
	kept, unneeded, source := put(t, s.PutLibrary, "kept"), put(t, s.PutLibrary, "unneeded"), put(t, s.PutSource, "source")
	// The gateway keeps libraries in the folder, too, with what extension they
	// had, and may be writing one.
	for name, content := range map[string]string{digest("gateway's"): "gateway's", "incoming-1": "unfinished", "upload-1": "unfinished", "README": "of somebody"} {
		if err := os.WriteFile(filepath.Join(dir, "versions", name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	collect := func(freed, remaining int64) {
		t.Helper()
		f, r, err := s.Collect(func(d string) bool { return d == kept.Digest }, func(string) bool { return false })
		if err != nil || f != freed || r != remaining {
			t.Errorf("freed %d, remaining %d, %v; want %d and %d", f, r, err, freed, remaining)
		}
	}
	all := int64(len("kept") + len("unneeded") + len("source") + len("gateway's"))
	collect(0, all) // all of it is young
	now = now.Add(9 * time.Minute)
	collect(0, all)
	put(t, s.PutLibrary, "unneeded") // and young again
	now = now.Add(9 * time.Minute)
	collect(int64(len("source")+len("gateway's")), int64(len("kept")+len("unneeded")))
	if _, err := s.Source(source.Digest); err == nil {
		t.Error("the source is still there")
	}
	now = now.Add(9 * time.Minute)
	collect(int64(len("unneeded")), int64(len("kept")))
	if _, err := s.Library(unneeded.Digest); err == nil {
		t.Error("the library is still there")
	}
	left := []string{kept.Digest + toolchain.Extension(), "README", "incoming-1", "upload-1"}
	slices.Sort(left)
	if got := slices.Sorted(maps.Keys(files(t, dir, "versions"))); !slices.Equal(got, left) {
		t.Errorf("left %q, want %q", got, left)
	}
	now = now.Add(time.Hour)
	collect(0, int64(len("kept")))
	if got := files(t, dir, "versions"); len(got) != 2 || got["README"] == "" {
		t.Errorf("left %q", got)
	}
}

func TestOpenRemovesWhatWasNotFinished(t *testing.T) {
	dir := t.TempDir()
	a := put(t, open(t, dir).PutLibrary, "library")
	old := time.Now().Add(-2 * time.Hour)
	for name, at := range map[string]time.Time{
		"versions/upload-1": time.Now().Add(time.Hour), "versions/upload-2": old, "versions/incoming-1": time.Now(), "versions/incoming-2": old, "sources/upload-3": time.Now(),
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, []byte("part"), 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, dir)
	if got := files(t, dir, "versions"); len(got) != 2 || got["incoming-1"] == "" {
		t.Errorf("left %q", got)
	}
	if got := files(t, dir, "sources"); len(got) != 0 {
		t.Errorf("left %q", got)
	}
	if got, err := s.Library(a.Digest); err != nil || got != a {
		t.Errorf("%+v %v", got, err)
	}
}

func TestFolderThatCannotBeUsed(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "versions"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := artifact.Open(dir); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "versions")) {
		t.Error(err)
	}
	s := open(t, t.TempDir())
	a := put(t, s.PutSource, "source")
	if err := os.RemoveAll(filepath.Dir(a.Path)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutSource(bytes.NewReader(nil), 1); err == nil || !strings.Contains(err.Error(), "store source tree") {
		t.Error(err)
	}
}
