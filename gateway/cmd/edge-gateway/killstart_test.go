//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// firstStart kills the first process over an empty directory at each of its
// steps.
func firstStart(t *testing.T, note func(step string)) {
	t.Parallel()
	dies := func(step string) bool {
		b := newBox(t)
		b.arm()
		if b.start(b.failing(step)) {
			return false
		}
		b.died()
		b.mustStart()
		b.settle()
		b.kill()
		return true
	}
	commits := 0
	for dies(fmt.Sprintf("state.written:%d", commits+1)) {
		commits++
		note("state.written")
	}
	if commits < 3 { // two schemas and a key
		t.Errorf("it dies at %d commits", commits)
	}
	for n := range commits {
		if dies(fmt.Sprintf("state.committed:%d", n+1)) {
			note("state.committed")
		}
	}
	for _, step := range []string{"file.written", "file.synced", "file.renamed", "socket.made", "socket.named"} {
		if dies(step) {
			note(step)
		}
	}
}

// migration kills the first process over an older state.
func migration(t *testing.T, note func(step string)) {
	t.Parallel()
	holds := func(b *box) (all string) {
		for _, path := range []string{"endpoints/orders", "endpoints/orders/versions", "endpoints/orders/deploys", "builds/b1", "services/orders-db", "keys"} {
			all += string(b.fetch("/api/v1/" + path))
		}
		return all
	}
	undisturbed := newBox(t)
	undisturbed.oldState()
	undisturbed.mustStart()
	want := strings.ReplaceAll(holds(undisturbed), undisturbed.data, "")
	for _, step := range []string{"backup.written", "backup.synced", "backup.renamed", "state.written", "state.committed"} {
		b := newBox(t)
		b.oldState()
		b.arm()
		if b.start(b.failing(step)) {
			t.Fatalf("%s is not reached", step)
		}
		b.died()
		note(step)
		b.mustStart()
		if got := strings.ReplaceAll(holds(b), b.data, ""); got != want {
			t.Errorf("after a kill at %s there is\n%s\nand not\n%s", step, got, want)
		}
		if _, err := os.Stat(filepath.Join(b.data, "state.db.backup-1")); err != nil {
			t.Error(err)
		}
	}
}

func (b *box) oldState() {
	b.Helper()
	text, err := os.ReadFile("../../internal/control/state/testdata/schema1.sql")
	b.must(err)
	b.must(os.MkdirAll(b.data, 0o700))
	db, err := sqlite3.Open(filepath.Join(b.data, "state.db"))
	b.must(err)
	defer db.Close()
	b.must(db.Exec("PRAGMA journal_mode = WAL;" + string(text)))
	key := make([]byte, 32)
	for i := range key {
		key[i] = 0x17
	}
	b.must(os.WriteFile(filepath.Join(b.data, "secret.key"), key, 0o600))
}

// forgottenBuilds kills a process that forgets old builds.
func forgottenBuilds(t *testing.T, note func(step string)) {
	t.Parallel()
	b := newBox(t)
	b.mustStart()
	b.createEndpoint("e0")
	// A source in no language is done with soonest.
	b.change("PUT", "/endpoints/e0/source?filename=text", bytesBody, []byte("source-0000"), b.world().with(func(w *world) {
		w.Endpoints["e0"].Source, w.Last = "source-0000", "source.put endpoint/e0"
	}))
	for range buildsKept + 3 {
		b.asked("POST", "/endpoints/e0/builds", nil, b.world().with(func(w *world) {
			w.Builds["e0"], w.Last = append(remembered(w.Builds["e0"]), "failed"), "build.queue endpoint/e0"
		}))
		b.buildsEnd()
	}
	b.settle()
	b.putSource("e0", b.next("source"))
	b.kill()
	b.mustStart(b.failing("build.pruned"))
	b.settle()
	b.arm()
	if b.build("e0", false) {
		t.Fatal("no build was forgotten")
	}
	note("build.pruned")
	b.mustStart()
	b.settle()
}
