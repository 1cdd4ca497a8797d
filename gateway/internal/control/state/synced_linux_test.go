package state_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
)

// TestOnTheDiskFirst traces the system calls of a process: a change is
// acknowledged after its files, their names and the log of the state are on the
// disk, in this order.
func TestOnTheDiskFirst(t *testing.T) {
	strace := servertest.Strace(t)
	const changes = 3
	dir, log := t.TempDir(), filepath.Join(t.TempDir(), "trace")
	cmd := exec.Command(strace, "-f", "-y", "-o", log, "-e", "trace=fsync,fdatasync,pwrite64,write,rename,renameat,renameat2", os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+dir, changesVariable+"="+strconv.Itoa(changes))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	calls := servertest.Calls(t, log)
	in := func(name string) string { return `<` + regexp.QuoteMeta(filepath.Join(dir, name)) }
	const sync = `^f(data)?sync\(\d+`
	// each expects the calls in this order among others.
	each := func(what string, calls []string, patterns ...string) {
		t.Helper()
		rest := calls
		for _, p := range patterns {
			n := slices.IndexFunc(rest, regexp.MustCompile(p).MatchString)
			if n < 0 {
				t.Fatalf("%s: no %s in its place among\n%s", what, p, strings.Join(calls, "\n"))
			}
			rest = rest[n+1:]
		}
	}
	begin := 0
	for n := range changes {
		end := slices.IndexFunc(calls, func(call string) bool {
			return strings.HasPrefix(call, "write(1") && strings.Contains(call, `"ack `+strconv.Itoa(n+1))
		})
		if end < begin {
			t.Fatalf("change %d was not acknowledged:\n%s", n+1, strings.Join(calls, "\n"))
		}
		before := calls[begin:end]
		if begin == 0 {
			each("the key", before,
				`^write\(\d+`+in(".secret.key"), sync+in(".secret.key"), `^rename.*secret.key"`, sync+in("")+`>`)
			each("the database's name", before, sync+in("state.db-wal>"), sync+in("")+`>`)
		}
		each("the files", before,
			`^write\(\d+`+in("versions/upload-"), sync+in("versions/upload-"), `^rename.*upload-.*versions/[0-9a-f]{64}\.so"`, sync+in("versions>"),
			`^write\(\d+`+in("sources/upload-"), sync+in("sources/upload-"), `^rename.*upload-.*sources/[0-9a-f]{64}\.tar"`, sync+in("sources>"),
			`^pwrite64\(\d+`+in("state.db-wal>"), sync+in("state.db-wal>"))
		// Nothing is written to the log behind its last sync.
		slices.Reverse(before)
		written := slices.IndexFunc(before, regexp.MustCompile(`^pwrite64\(\d+`+in("state.db-wal>")).MatchString)
		synced := slices.IndexFunc(before, regexp.MustCompile(sync+in("state.db-wal>")).MatchString)
		if synced < 0 || written < synced {
			t.Errorf("change %d: the log was written %d calls before the acknowledgement, synced %d before", n+1, written, synced)
		}
		begin = end
	}
}
