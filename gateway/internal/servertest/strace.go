package servertest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Strace is the program that traces system calls; the test is skipped where
// nothing can be traced.
func Strace(t testing.TB) (program string) {
	t.Helper()
	program = Need(t, "install the package strace", "strace")
	if out, err := exec.Command(program, "-f", "-o", os.DevNull, "/bin/true").CombinedOutput(); err != nil {
		t.Skipf("nothing can be traced here: %s", out)
	}
	return program
}

// Calls reads strace's log: calls in the order in which they returned, but those
// of write in that in which they began. A sync that failed is left out.
func Calls(t testing.TB, log string) (calls []string) {
	t.Helper()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	begun := map[string]string{} // by thread
	for line := range strings.Lines(string(text)) {
		thread, call, _ := strings.Cut(strings.TrimSpace(line), " ")
		call = strings.TrimSpace(call)
		if start, is := strings.CutSuffix(call, "<unfinished ...>"); is {
			if strings.HasPrefix(call, "write(") {
				calls = append(calls, call)
			} else {
				begun[thread] = start
			}
			continue
		}
		if strings.HasPrefix(call, "<... ") {
			start := begun[thread]
			delete(begun, thread)
			if start == "" {
				continue
			}
			_, result, _ := strings.Cut(call, "resumed>")
			call = start + result
		}
		if strings.Contains(call, "sync(") && !strings.HasSuffix(call, "= 0") {
			continue
		}
		calls = append(calls, call)
	}
	return calls
}
