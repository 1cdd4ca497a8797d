package logs

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// logForEver logs numbers, from the one that follows the last of the log, and
// prints those that were seen in the log.
func logForEver(dir string) {
	s, err := Open(dir, leastBudget)
	if err != nil {
		panic(err)
	}
	log := slog.New(s.Handler(slog.DiscardHandler))
	next := 1
	if lines, err := s.Last(context.Background(), everything, 1); err != nil {
		panic(err)
	} else if len(lines) == 1 {
		next, _ = strconv.Atoi(lines[0].Message)
		next++
	}
	for ; ; next++ {
		log.Info(strconv.Itoa(next), "text", "so long that segments are rotated while it runs ........................................")
		if next%50 == 0 {
			if lines, err := s.Last(context.Background(), everything, 1); err == nil && len(lines) == 1 {
				fmt.Println(lines[0].Message)
			}
		}
	}
}

// A process that is killed at any moment leaves a log without a gap, with all
// that had been seen in it, and the next one goes on there.
func TestALogOfAKilledProcessGoesOn(t *testing.T) {
	dir := t.TempDir()
	for run := range 10 {
		process := exec.Command(os.Args[0], dir)
		process.Env = append(os.Environ(), child+"=log")
		process.Stderr = t.Output()
		out, err := process.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		printed := bufio.NewScanner(out)
		seen := 0
		for range 1 + rand.IntN(20) {
			if printed.Scan() {
				seen, _ = strconv.Atoi(printed.Text())
			}
		}
		kill := time.AfterFunc(time.Duration(rand.IntN(10_000))*time.Microsecond, func() { _ = process.Process.Kill() })
		for printed.Scan() {
			seen, _ = strconv.Atoi(printed.Text())
		}
		_ = process.Wait()
		kill.Stop()
		if seen == 0 {
			t.Fatal("it did not log")
		}

		s, err := Open(dir, leastBudget)
		if err != nil {
			t.Fatal(err)
		}
		lines := last(t, s, everything, 1<<20)
		for i, l := range lines {
			if n, err := strconv.Atoi(l.Message); err != nil || i > 0 && strconv.Itoa(n-1) != lines[i-1].Message {
				t.Fatalf("run %d: line %d is %+v, after %+v", run, i, l, lines[max(0, i-1)])
			}
		}
		newest, _ := strconv.Atoi(lines[len(lines)-1].Message)
		if newest < seen {
			t.Errorf("run %d: %d had been seen, and the log ends with %d", run, seen, newest)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, size := files(t, dir); size > leastBudget {
			t.Errorf("run %d: %d bytes", run, size)
		}
	}
}
