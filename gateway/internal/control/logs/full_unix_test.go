//go:build unix

package logs

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func init() { children["full"] = logToAFullDisk }

// logToAFullDisk logs while files must not grow past 64 KiB, and then while
// they may again. It prints what the log and the next handler have of it.
func logToAFullDisk(dir string) {
	var limit unix.Rlimit
	must(unix.Getrlimit(unix.RLIMIT_FSIZE, &limit))
	room := limit.Cur
	limit.Cur = 64 << 10
	must(unix.Setrlimit(unix.RLIMIT_FSIZE, &limit))

	s, err := Open(dir, leastBudget)
	must(err)
	var next bytes.Buffer
	log := slog.New(s.Handler(slog.NewTextHandler(&next, &slog.HandlerOptions{Level: slog.LevelInfo})))
	tail, err := s.Tail(context.Background(), everything, 0)
	must(err)
	text := strings.Repeat("x", 1000)
	for i := range 200 {
		log.Debug("line", "text", text)
		if l := <-tail; l.Message != "line" {
			panic(fmt.Sprintf("live line %d: %+v", i, l))
		}
	}
	fmt.Println("left out:", s.LeftOut())

	limit.Cur = room
	must(unix.Setrlimit(unix.RLIMIT_FSIZE, &limit))
	log.Debug("end")
	lines, err := s.Last(context.Background(), everything, 1<<20)
	must(err)
	for _, l := range lines {
		fmt.Println("kept:", l.Message)
	}
	fmt.Print(next.String())
	must(s.Close())
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// A disk that is full stops neither who logs nor who reads live. It is said
// once, and the log tells what it misses when there is room again.
func TestAFullDiskIsToldOnce(t *testing.T) {
	process := exec.Command(os.Args[0], t.TempDir())
	process.Env = append(os.Environ(), child+"=full")
	out, err := process.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text := string(out)
	var left int
	if _, err := fmt.Sscanf(text, "left out: %d", &left); err != nil || left == 0 {
		t.Fatalf("%v\n%s", err, text)
	}
	for what, want := range map[string]int{
		"kept: line\n": 200 - left,
		"kept: end\n":  1,
		fmt.Sprintf("kept: %d lines were left out: the log could not be written: ", left): 1,
		"level=ERROR msg=\"the log cannot be written; lines are left out until it can":    1,
		"level=INFO msg=\"the log can be written again":                                   1,
		"level=": 2,
	} {
		if n := strings.Count(text, what); n != want {
			t.Errorf("%d times %q, not %d\n%s", n, what, want, text)
		}
	}
	if left > 200-60 {
		t.Errorf("%d lines were left out although there was room for more than 60", left)
	}
}
