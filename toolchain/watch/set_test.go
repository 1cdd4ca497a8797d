package watch

import (
	"path/filepath"
	"testing"
	"time"
)

func TestFoldersComeAndGoWhileTheWatcherRuns(t *testing.T) {
	stays, goes, comes := t.TempDir(), t.TempDir(), t.TempDir()
	for _, dir := range []string{stays, goes, comes} {
		write(t, filepath.Join(dir, "a.c"), "one")
	}
	w, err := New([]string{stays, goes})
	must(t, err)
	reports := make(chan string, 100)
	run(t, w, func(dir string) { reports <- dir + ":" + folderText(t, dir) })

	must(t, w.Set([]string{stays, comes}))
	write(t, filepath.Join(goes, "a.c"), "two") // before the others: a report would come with theirs
	write(t, filepath.Join(comes, "a.c"), "two")
	expectOnly(t, reports, comes+":a.c=two;")
	write(t, filepath.Join(stays, "a.c"), "two")
	expectOnly(t, reports, stays+":a.c=two;")

	// What changed while it was out is not news when it is back.
	must(t, w.Set([]string{stays, comes, goes}))
	write(t, filepath.Join(goes, "a.c"), "three")
	expectOnly(t, reports, goes+":a.c=three;")

	must(t, w.Set(nil))
	within(t, func() bool { // nothing is asked of the system any more
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.owners) == 0 && len(w.notify.WatchList()) == 0
	})
}

func TestFoldersThatGoBeforeTheWatcherRunsAreReleased(t *testing.T) {
	w, err := New([]string{t.TempDir()})
	must(t, err)
	defer w.Close()
	must(t, w.Set(nil))
	if left := w.notify.WatchList(); len(left) > 0 {
		t.Errorf("still watched: %q", left)
	}
}

// expectOnly wants one report and no other.
func expectOnly(t *testing.T, reports <-chan string, want string) {
	t.Helper()
	select {
	case got := <-reports:
		if got != want {
			t.Fatalf("reported %q, want %q", got, want)
		}
	case <-time.After(generous):
		t.Fatalf("%q was never reported", want)
	}
}

func within(t *testing.T, true func() bool) {
	t.Helper()
	for deadline := time.Now().Add(generous); !true(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never came true")
		}
	}
}
