package watch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const generous = 20 * time.Second

// folderText is what a build would see: every file and its content.
func folderText(t *testing.T, dir string) string {
	t.Helper()
	var text strings.Builder
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		fmt.Fprintf(&text, "%s=%s;", filepath.ToSlash(name), content)
		return err
	})
	if err != nil {
		return "away"
	}
	return text.String()
}

// start watches dirs; the channel gets the content at each report.
func start(t *testing.T, dirs []string, exclude ...string) <-chan string {
	t.Helper()
	w, err := New(dirs, exclude...)
	if err != nil {
		t.Fatal(err)
	}
	reports := make(chan string, 100)
	run(t, w, func(dir string) { reports <- folderText(t, dir) })
	return reports
}

func run(t *testing.T, w *Watcher, changed func(string)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx, changed)
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case <-done:
		case <-time.After(generous):
			t.Error("Run does not return after its context ended")
		}
	})
}

// expect waits for a report of exactly this content; earlier contents may be
// reported on the way.
func expect(t *testing.T, reports <-chan string, want string) {
	t.Helper()
	timeout := time.After(generous)
	last := "nothing"
	for {
		select {
		case last = <-reports:
			if last == want {
				return
			}
		case <-timeout:
			t.Fatalf("last report %q, want %q", last, want)
		}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryWayOfChangingAFolderIsReported(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(t *testing.T, dir string)
		want   string
	}{
		{"save in place", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "a.c"), "two")
		}, "a.c=two;b.h=h;"},
		{"rename-save", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, ".a.c.swp"), "two")
			must(t, os.Rename(filepath.Join(dir, "a.c"), filepath.Join(dir, "a.c~")))
			must(t, os.Rename(filepath.Join(dir, ".a.c.swp"), filepath.Join(dir, "a.c")))
			must(t, os.Remove(filepath.Join(dir, "a.c~")))
		}, "a.c=two;b.h=h;"},
		{"rename-save with the old time and size", func(t *testing.T, dir string) {
			path := filepath.Join(dir, "a.c")
			info, err := os.Stat(path)
			must(t, err)
			write(t, path+".tmp", "two")
			must(t, os.Chtimes(path+".tmp", info.ModTime(), info.ModTime()))
			must(t, os.Rename(path+".tmp", path))
		}, "a.c=two;b.h=h;"},
		{"deleted file", func(t *testing.T, dir string) {
			must(t, os.Remove(filepath.Join(dir, "b.h")))
		}, "a.c=one;"},
		{"renamed file", func(t *testing.T, dir string) {
			must(t, os.Rename(filepath.Join(dir, "b.h"), filepath.Join(dir, "c.h")))
		}, "a.c=one;c.h=h;"},
		{"new subfolder", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "x", "y", "z.h"), "z")
		}, "a.c=one;b.h=h;x/y/z.h=z;"},
		{"folder renamed away and replaced", func(t *testing.T, dir string) {
			must(t, os.Rename(dir, dir+"-old"))
			write(t, filepath.Join(dir+"-new", "a.c"), "two")
			must(t, os.Rename(dir+"-new", dir))
		}, "a.c=two;"},
		{"folder deleted and made again", func(t *testing.T, dir string) {
			must(t, os.RemoveAll(dir))
			write(t, filepath.Join(dir, "a.c"), "two")
		}, "a.c=two;"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "handler")
			write(t, filepath.Join(dir, "a.c"), "one")
			write(t, filepath.Join(dir, "b.h"), "h")
			reports := start(t, []string{dir})
			test.change(t, dir)
			expect(t, reports, test.want)

			// The folder is still watched, in its new state.
			write(t, filepath.Join(dir, "a.c"), "three")
			expect(t, reports, folderText(t, dir))
		})
	}
}

func TestNewSubfolderIsWatchedToo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	reports := start(t, []string{dir})
	write(t, filepath.Join(dir, "sub", "a.h"), "one")
	expect(t, reports, "sub/a.h=one;")
	write(t, filepath.Join(dir, "sub", "a.h"), "two")
	expect(t, reports, "sub/a.h=two;")
}

func TestFolderThatAppearsLaterIsReported(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "not", "yet")
	reports := start(t, []string{dir})
	write(t, filepath.Join(dir, "a.c"), "one")
	expect(t, reports, "a.c=one;")
}

func TestLinkPointedElsewhereIsReported(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, filepath.Join(root, "v1", "a.c"), "one")
	write(t, filepath.Join(root, "v2", "a.c"), "two")
	link := filepath.Join(root, "current")
	if err := os.Symlink("v1", link); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	var reports atomic.Int32
	seen := make(chan struct{}, 10)
	w, err := New([]string{link})
	must(t, err)
	run(t, w, func(string) { reports.Add(1); seen <- struct{}{} })
	must(t, os.Symlink("v2", link+"-new"))
	must(t, os.Rename(link+"-new", link))
	wait(t, seen)
	write(t, filepath.Join(root, "v2", "a.c"), "three")
	wait(t, seen)
}

func wait(t *testing.T, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(generous):
		t.Fatal("nothing was reported")
	}
}

func TestWhatIsNoChangeOfSourceIsNotOne(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	write(t, filepath.Join(dir, "Cargo.toml"), "[package]")
	write(t, filepath.Join(dir, "a.rs"), "one")
	look := func() fingerprint {
		f, err := take(dir, []string{data}, nil)
		must(t, err)
		return f
	}
	before := look()
	past := time.Now().Add(-time.Hour)
	for name, nothing := range map[string]func(){
		"touch":           func() { must(t, os.Chtimes(filepath.Join(dir, "a.rs"), past, past)) },
		"same content":    func() { write(t, filepath.Join(dir, "a.rs"), "one") },
		"backup":          func() { write(t, filepath.Join(dir, "a.rs~"), "backup") },
		"swap file":       func() { write(t, filepath.Join(dir, ".a.rs.swp"), "swap") },
		"probe":           func() { write(t, filepath.Join(dir, "4913"), "probe") },
		"build product":   func() { write(t, filepath.Join(dir, "target", "release", "x.so"), "product") },
		"version control": func() { write(t, filepath.Join(dir, ".git", "index"), "git") },
		"excluded data":   func() { write(t, filepath.Join(data, "gateway.db"), "state") },
		"empty subfolder": func() { must(t, os.MkdirAll(filepath.Join(dir, "empty"), 0o755)) },
		"lock to nowhere": func() { _ = os.Symlink("user@host.1234", filepath.Join(dir, ".#a.rs")) },
	} {
		nothing()
		if !look().sameContent(before) {
			t.Errorf("%s counts as a change", name)
		}
	}
	write(t, filepath.Join(dir, "target.rs"), "source")
	if look().sameContent(before) {
		t.Error("a new source file does not count as a change")
	}
}

func TestTargetIsSourceWhereThereIsNoCrate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	before, err := take(dir, nil, nil)
	must(t, err)
	write(t, filepath.Join(dir, "target", "target.go"), "package target")
	after, err := take(dir, nil, nil)
	must(t, err)
	if after.sameContent(before) {
		t.Error("a package named target does not count as source")
	}
}

func TestTenSavesInASecondEndWithTheLast(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.c")
	write(t, path, "start")
	reports := start(t, []string{dir})
	ticks := time.NewTicker(100 * time.Millisecond)
	defer ticks.Stop()
	for i := range 10 {
		write(t, path, fmt.Sprint("save ", i))
		<-ticks.C
	}
	expect(t, reports, "a.c=save 9;")
	if n := len(reports); n != 0 {
		t.Fatalf("%d reports after the last content", n)
	}
}

func TestAFileWrittenAllTheTimeDoesNotHoldBackReports(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	reports := start(t, []string{dir})
	stop := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		ticks := time.NewTicker(quiet / 4)
		defer ticks.Stop()
		for i := 0; ; i++ {
			_ = os.WriteFile(filepath.Join(dir, "log"), []byte(fmt.Sprint(i)), 0o644)
			select {
			case <-stop:
				return
			case <-ticks.C:
			}
		}
	}()
	select {
	case <-reports:
	case <-time.After(generous):
		t.Error("nothing was reported")
	}
	close(stop)
	<-stopped
}

func TestChangeDuringACallLeadsToOneMoreAfterIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.c")
	write(t, path, "one")
	w, err := New([]string{dir})
	must(t, err)
	var running, overlaps atomic.Int32
	entered, leave := make(chan string, 10), make(chan struct{}, 10)
	run(t, w, func(dir string) {
		if running.Add(1) > 1 {
			overlaps.Add(1)
		}
		entered <- folderText(t, dir)
		<-leave
		running.Add(-1)
	})
	write(t, path, "two")
	expect(t, entered, "a.c=two;")
	for i := range 5 { // a save during a build, again and again
		write(t, path, fmt.Sprint("during ", i))
	}
	leave <- struct{}{}
	expect(t, entered, "a.c=during 4;")
	leave <- struct{}{}
	if overlaps.Load() != 0 {
		t.Fatal("two calls for one folder at the same time")
	}
}

func TestChangeBetweenNewAndRunIsReported(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w, err := New([]string{dir})
	must(t, err)
	write(t, filepath.Join(dir, "a.c"), "early")
	reports := make(chan string, 10)
	run(t, w, func(dir string) { reports <- folderText(t, dir) })
	expect(t, reports, "a.c=early;")
}

func TestChangesAreFoundWithoutEvents(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w, err := New([]string{dir})
	must(t, err)
	must(t, w.notify.Close())
	w.notify = nil
	reports := make(chan string, 10)
	run(t, w, func(dir string) { reports <- folderText(t, dir) })
	write(t, filepath.Join(dir, "a.c"), "one")
	expect(t, reports, "a.c=one;")
	write(t, filepath.Join(dir, "a.c"), "two")
	expect(t, reports, "a.c=two;")
}

func TestFoldersAreReportedByTheNameTheyWereGiven(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root)
	write(t, filepath.Join(root, "a", "a.c"), "one")
	write(t, filepath.Join(root, "a", "b", "b.c"), "one") // one inside the other
	w, err := New([]string{"a", "./a/b"})
	must(t, err)
	names := make(chan string, 10)
	run(t, w, func(dir string) { names <- dir })
	write(t, filepath.Join(root, "a", "a.c"), "two")
	expect(t, names, "a")
	write(t, filepath.Join(root, "a", "b", "b.c"), "two")
	got := map[string]bool{}
	for len(got) < 2 {
		select {
		case name := <-names:
			got[name] = true
		case <-time.After(generous):
			t.Fatalf("reported: %v, want a and ./a/b", got)
		}
	}
}
