package email_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email/directory"
)

// smallDisk mounts a file system of its own.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" && os.Getuid() == 0 {
			t.Fatalf("mount: %v", err)
		}
		t.Skipf("a small file system cannot be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

// fill takes what is left of a disk, and returns what gives it back.
func fill(t *testing.T, dir string) (empty func()) {
	t.Helper()
	name := filepath.Join(dir, "ballast")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFullDiskOfTheFolder: mails wait while the folder's disk is full, no torn
// file appears, and they arrive within 2 s of there being room again.
func TestFullDiskOfTheFolder(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, 1<<20)
	path := filepath.Join(disk, "mail")
	s := start(t, directory.Open, spec("directory", 2, config.Options{"path": path}), env(t, t.TempDir()))
	defer stop(t, s)
	settled(t, s, accept(t, s, hello()), email.Delivered)
	empty := fill(t, disk)
	var ids []string
	for range 20 {
		ids = append(ids, accept(t, s, &email.Message{To: to, Text: []byte(strings.Repeat("x", 10_000))}))
	}
	until(t, 5*time.Second, "the fault shows", func() bool { return s.Stats().Fault != nil })
	if n := len(emlFiles(t, path)); n != 1 {
		t.Errorf("%d files", n)
	}
	empty()
	until(t, 2*time.Second, "they arrive", func() bool { return len(emlFiles(t, path)) == 1+len(ids) })
	for _, id := range ids {
		settled(t, s, id, email.Delivered)
	}
	for _, m := range emlFiles(t, path) {
		parse(t, m.body)
	}
	if left, _ := filepath.Glob(filepath.Join(path, ".*")); len(left) != 0 {
		t.Errorf("left over: %q", left)
	}
}

// TestFullDiskOfTheOutbox: a mail that cannot be stored is not accepted, and is
// again within 2 s of there being room.
func TestFullDiskOfTheOutbox(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, 4<<20)
	path := filepath.Join(t.TempDir(), "mail")
	s := start(t, directory.Open, spec("directory", 1, config.Options{"path": path}), env(t, filepath.Join(disk, "outbox")))
	defer stop(t, s)
	settled(t, s, accept(t, s, hello()), email.Delivered)
	empty := fill(t, disk)
	var ids []string
	var refused error
	for refused == nil {
		var r email.Result
		if r, refused = do(s, email.Request{Send: &email.Message{To: to, Text: []byte(strings.Repeat("x", 10_000))}}); refused == nil {
			ids = append(ids, r.MessageID)
		}
	}
	if !errors.Is(refused, abi.ErrUnavailable) {
		t.Errorf("on a full disk: %v", refused)
	}
	empty()
	until(t, 2*time.Second, "mails are accepted", func() bool {
		r, err := do(s, email.Request{Send: hello()})
		ids = append(ids, r.MessageID)
		return err == nil
	})
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == "" })
	for _, id := range ids {
		settled(t, s, id, email.Delivered)
	}
}

// TestOnTheDiskFirst traces the system calls: the outbox's log is synced after
// the mail is written and before its acknowledgement leaves, the folder of the
// outbox too; the file of the mail and its name before the outbox notes that it
// is delivered.
func TestOnTheDiskFirst(t *testing.T) {
	t.Parallel()
	strace := servertest.Need(t, "apt-get install strace", "strace")
	r := newReceiver(t, "directory", nil)
	l := r.life
	l.Mails, l.Workers = 1, 1
	l.Lease = 20 * time.Second
	log := filepath.Join(t.TempDir(), "trace")
	const calls = "trace=fsync,fdatasync,pwrite64,write,rename,renameat,renameat2"
	if out, err := exec.Command(strace, "-f", "-o", os.DevNull, "/bin/true").CombinedOutput(); err != nil {
		t.Skipf("tracing is not allowed here: %s", out)
	}
	c := l.start(t, strace, "-f", "-y", "-s", "200", "-e", calls, "-o", log)
	if err := c.wait(); err != nil {
		t.Fatalf("%v\n%s", err, c.err.String())
	}
	events := trace(t, log)
	first := func(after int, pattern string) int {
		t.Helper()
		re := regexp.MustCompile(pattern)
		for n := after + 1; n < len(events); n++ {
			if re.MatchString(events[n]) {
				return n
			}
		}
		t.Fatalf("no %s after event %d of\n%s", pattern, after, strings.Join(events, "\n"))
		return 0
	}
	last := func(before int, pattern string) int {
		t.Helper()
		re := regexp.MustCompile(pattern)
		for n := before - 1; n >= 0; n-- {
			if re.MatchString(events[n]) {
				return n
			}
		}
		t.Fatalf("no %s before event %d of\n%s", pattern, before, strings.Join(events, "\n"))
		return 0
	}
	const sync = `^f(data)?sync\(`
	wal, outbox := `<`+regexp.QuoteMeta(l.Dir)+`/outbox.sqlite-wal>`, `<`+regexp.QuoteMeta(l.Dir)+`>`
	folder := `<` + regexp.QuoteMeta(l.Folder) + `>`

	committed := first(-1, `^write\(1.*"put.committed`)
	ack := first(-1, `^write\(1.*"ack `)
	written := last(committed, `^pwrite64\(\d+`+wal)
	if synced := last(committed, sync+`\d+`+wal); synced < written || committed > ack {
		t.Errorf("the outbox's log was written at %d, synced at %d, acknowledged at %d", written, synced, ack)
	}
	begun := first(-1, `^write\(1.*"put.begun`)
	if n := last(begun, sync+`\d+`+outbox); n < 0 {
		t.Error("the folder of the outbox was not synced before")
	}

	file := first(-1, sync+`\d+<`+regexp.QuoteMeta(l.Folder)+`/\.`)
	rename := first(file, `^rename.*\.eml`)
	name := first(rename, sync+`\d+`+folder)
	ended := first(name, `^write\(1.*"deliver.ended`)
	noted := first(ended, `^write\(1.*"noted`)
	marked := last(noted, `^pwrite64\(\d+`+wal)
	if synced := last(noted, sync+`\d+`+wal); marked < ended || synced < marked {
		t.Errorf("delivered at %d, noted at %d, synced at %d, told at %d", ended, marked, synced, noted)
	}
}

// trace reads strace's log: calls in the order in which they returned; writes
// in that in which they began.
func trace(t *testing.T, log string) (events []string) {
	t.Helper()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	begun := map[string]string{}
	for line := range strings.Lines(string(text)) {
		pid, call, _ := strings.Cut(strings.TrimSpace(line), " ")
		call = strings.TrimSpace(call)
		if start, is := strings.CutSuffix(call, "<unfinished ...>"); is {
			if strings.HasPrefix(call, "write(") {
				events = append(events, call)
			} else {
				begun[pid] = start
			}
			continue
		}
		if strings.HasPrefix(call, "<... ") {
			if start := begun[pid]; start != "" {
				events = append(events, start)
				delete(begun, pid)
			}
			continue
		}
		events = append(events, call)
	}
	return events
}
