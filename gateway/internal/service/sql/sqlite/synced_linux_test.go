package sqlite_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
)

// TestSynced looks at the system calls of a process: each row is synced with
// the log before it is acknowledged, and the new file's folder before the first.
func TestSynced(t *testing.T) {
	strace := servertest.Need(t, "install the package strace", "strace")
	dir := t.TempDir()
	if out, err := exec.Command(strace, "-f", "-o", os.DevNull, "/bin/true").CombinedOutput(); err != nil {
		t.Skipf("nothing can be traced here: %s", out)
	}
	path, log := filepath.Join(dir, "data", "db"), filepath.Join(dir, "trace")
	cmd := exec.Command(strace, "-f", "-y", "-o", log, "-e", "trace=pwrite64,fdatasync,fsync,write", os.Args[0], "-test.run", "^TestChild$")
	cmd.Env = append(os.Environ(), childPath+"="+path, childTraced+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	trace, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	rows, folder := 0, false
	var written, synced bool       // the log, since the row before
	syncing := map[string]func(){} // by thread, what its sync makes true
	call := regexp.MustCompile(`^(\d+) +(?:<\.\.\. )?(\w+)(.*)$`)
	for line := range strings.Lines(string(trace)) {
		m := call.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		thread, name, rest := m[1], m[2], m[3]
		switch {
		case name == "pwrite64" && strings.Contains(rest, path+"-wal>"):
			written, synced = true, false
		case name == "fdatasync" || name == "fsync":
			if strings.Contains(rest, path+"-wal>") {
				syncing[thread] = func() { synced = true }
			} else if strings.Contains(rest, filepath.Dir(path)+">") {
				syncing[thread] = func() { folder = true }
			}
			if done := syncing[thread]; done != nil && strings.HasSuffix(rest, "= 0") {
				done()
				delete(syncing, thread)
			}
		case name == "write" && strings.Contains(rest, `"row `):
			rows++
			if !written || !synced || !folder {
				t.Errorf("row %d was acknowledged: written %v, synced %v, folder synced %v", rows, written, synced, folder)
			}
			written, synced = false, false
		}
	}
	if rows != 5 {
		t.Errorf("%d rows in the trace", rows)
	}
}
