//go:build unix

package worker

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// piped is a logger whose lines go through a pipe of the system's own size.
func piped(t *testing.T) (from *os.File, log func(string)) {
	t.Helper()
	from, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(from.Close(), to.Close()) })
	logger, err := newLogger(to, false)
	if err != nil {
		t.Fatal(err)
	}
	return from, func(text string) { logger.Info(text) }
}

// collector has whole lines of what is written to it.
type collector struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (c *collector) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.Write(p)
}

func (c *collector) lines() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Split(strings.TrimSuffix(c.text.String(), "\n"), "\n")
}

func TestLinesArriveInBothForms(t *testing.T) {
	from, log := piped(t)
	var keep, print collector
	done := make(chan struct{})
	go func() { relay(from, &keep, &print); close(done) }()
	const n = 1000
	for i := range n {
		log(fmt.Sprintf("line %d %s", i, strings.Repeat("x", 6*i)))
	}
	_ = from.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
	<-done
	for name, lines := range map[string][]string{"kept": keep.lines(), "printed": print.lines()} {
		next := 0
		for _, line := range lines {
			var i int
			if missed.MatchString(line) {
				next = -1 // a machine that is very busy may have cost some
			} else if _, err := fmt.Sscanf(line[strings.Index(line, `"msg":`):], `"msg":"line %d `, &i); err != nil || next >= 0 && i != next {
				t.Fatalf("%s: after line %d comes %.200s", name, next-1, line)
			} else {
				next = i + 1
			}
		}
		if next >= 0 && next != n {
			t.Errorf("%s: %d lines, and not %d", name, next, n)
		}
	}
}

var missed = regexp.MustCompile(`"msg":"[0-9]+ lines? (was|were) left out`)

// Control that does not read costs lines, and a bounded time once.
func TestAFullPipeCostsLinesAndNotTime(t *testing.T) {
	from, log := piped(t)
	began := time.Now()
	const n = 20_000
	for i := range n {
		log(fmt.Sprint("line ", i))
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("%d lines took %v", n, took)
	}
	var keep, print collector
	done := make(chan struct{})
	go func() { relay(from, &keep, &print); close(done) }()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		log("again")
		if lines := keep.lines(); strings.Contains(lines[len(lines)-1], "again") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing comes through any more")
		}
	}
	_ = from.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	<-done
	told := false
	for i, line := range keep.lines() {
		if !strings.HasPrefix(line, `{"time":`) || !strings.HasSuffix(line, "}") {
			t.Fatalf("line %d is torn: %.200s", i, line)
		}
		told = told || missed.MatchString(line)
	}
	if !told {
		t.Error("that lines are missing is not told")
	}
}

func TestAGarbledLineCostsNoOther(t *testing.T) {
	var keep, print bytes.Buffer
	relay(strings.NewReader("kone\ngarbage\n\nptwo\n\x00\xff\n"+strings.Repeat("x", lineMost+100<<10)+"\nkthree\npfour"), &keep, &print)
	if keep.String() != "one\nthree\n" || print.String() != "two\n" {
		t.Errorf("%q %q", keep.String(), print.String())
	}
	relay(iotestErr{}, io.Discard, io.Discard)
}

type iotestErr struct{}

func (iotestErr) Read([]byte) (int, error) { return 0, errors.New("gone") }
