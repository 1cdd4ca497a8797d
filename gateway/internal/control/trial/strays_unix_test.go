//go:build unix

package trial_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// lifeline is a pipe with a name. A library that has opened it lets a test see
// whether a process of the trial still lives.
type lifeline struct {
	source string // C: open_lifeline()
	end    *os.File
}

func newLifeline(t *testing.T) lifeline {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lifeline")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	end, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end.Close() })
	return lifeline{"#include <fcntl.h>\nstatic int open_lifeline(void) { int fd = open(\"" + path + "\", O_WRONLY); return fd >= 0 && write(fd, \"!\", 1) == 1; }\n", end}
}

// opened waits until a process has it.
func (l lifeline) opened(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if n, _ := l.end.Read(make([]byte, 1)); n == 1 { // until then there is no other end, which reads as the end of the file
			return
		}
	}
	t.Fatal("no process of the trial was seen")
}

// cut waits until no process has it any more.
func (l lifeline) cut(t *testing.T) {
	t.Helper()
	_ = l.end.SetReadDeadline(time.Now().Add(time.Minute))
	if n, err := l.end.Read(make([]byte, 1)); n != 0 || err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a process of the trial lives on: %d %v", n, err)
	}
}

// A process that a library starts, and that outlives the child, is ended with
// it and keeps nobody waiting.
func TestProcessesThatALibraryStartsAreKilled(t *testing.T) {
	for name, source := range map[string]string{
		"good":    constructor + "{ leave(); }\nEG_ENTRY(ok);",
		"crashes": initHead + "{ leave(); crash(); return 0; }" + initTail,
		"exits":   initHead + "{ leave(); _exit(0); }" + initTail,
		"hangs":   initHead + "{ leave(); spin(); return 0; }" + initTail,
	} {
		t.Run(name, func(t *testing.T) {
			line := newLifeline(t)
			r := request(t, compileC(t, line.source+"static void leave(void) { if (open_lifeline() && fork() == 0) for (;;) pause(); }\n"+source))
			r.Limit = 3 * time.Second
			if result, err := run(t, r); (err == nil) != (name == "good") {
				t.Error(result, err)
			}
			line.opened(t)
			line.cut(t)
		})
	}
}

// A gateway that is killed takes its trials along.
func TestATrialEndsWithItsParent(t *testing.T) {
	line := newLifeline(t)
	library := compileC(t, line.source+initHead+"{ open_lifeline(); spin(); return 0; }"+initTail)
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentOf+"="+library)
	parent.Stderr = t.Output()
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line.opened(t)
	_ = parent.Process.Kill()
	_ = parent.Wait()
	line.cut(t)
}
