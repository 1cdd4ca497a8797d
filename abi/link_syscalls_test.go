//go:build linux

package abi

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A process of this test that has this in its environment makes so many calls.
const callsMark = "EDGE_GATEWAY_TEST_CALLS"

// A call to another process and back takes four system calls when both sides
// sleep: one wakes the guest, which slept in one, and one rings the bell, which
// ends the wait of the poller. Those with which Go's scheduler puts threads to
// sleep, and wakes them, for itself, come on top.
func TestLinkedCallTakesFourSystemCalls(t *testing.T) {
	if calls, _ := strconv.Atoi(os.Getenv(callsMark)); calls > 0 {
		l := startLinked(t)
		for range calls {
			if status, got := l.do("/hello", nil); status != OK {
				t.Fatal(status, got)
			}
		}
		return
	}
	strace, err := exec.LookPath("strace")
	if err == nil {
		err = exec.Command(strace, "-f", "-o", os.DevNull, "/bin/true").Run()
	}
	if err != nil {
		if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" {
			t.Fatal("strace: ", err)
		}
		t.Skip("strace: ", err)
	}
	// Two threads of the guest may be about to sleep at the same time: then one
	// wakes for nothing. Under strace, which slows both sides down, that may be
	// so time and again; but not each time.
	for range 5 {
		if perCall := countSystemCalls(t, strace); perCall <= 4.1 {
			return
		}
	}
	t.Error("it takes more")
}

// countSystemCalls is how many those of the link are, for each call.
func countSystemCalls(t *testing.T, strace string) float64 {
	const calls = 1000 // beside which the few of the start count little
	log := filepath.Join(t.TempDir(), "calls")
	cmd := exec.Command(strace, "-f", "-o", log, "-e", "trace=futex,write,epoll_pwait", os.Args[0], "-test.run", "^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), callsMark+"="+strconv.Itoa(calls))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var wakes, rings int
	polls := map[string]int{} // that brought something, by what for
	for line := range strings.Lines(string(text)) {
		switch {
		case strings.Contains(line, " futex(0x21"): // in the link; resumed ones are not counted twice
			wakes++
		case strings.Contains(line, `write(`) && strings.Contains(line, `"\1\0\0\0\0\0\0\0", 8`):
			rings++
		case strings.Contains(line, "epoll_pwait") && strings.Contains(line, " = 1"):
			_, data, _ := strings.Cut(line, "data=")
			polls[strings.TrimRight(data, " =1\n")]++
		}
	}
	bell := 0 // what is polled for most; the scheduler wakes itself so, too
	for _, n := range polls {
		bell = max(bell, n)
	}
	t.Logf("%d calls: %d futex calls on the link, %d rings of the bell, %d polls that brought that", calls, wakes, rings, bell)
	if wakes < calls || rings < calls/2 {
		t.Fatalf("they are not counted: %.2000s", text)
	}
	return float64(wakes+rings+bell) / calls
}
