package state_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/failpoint"
)

// child is a process that makes changes.
type child struct {
	cmd          *exec.Cmd
	out          *bufio.Reader
	err          bytes.Buffer
	acknowledged int64 // the last change that it told
}

func launch(t *testing.T, dir string, changes int, env ...string) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0])}
	c.cmd.Env = append(append(os.Environ(), childVariable+"="+dir, changesVariable+"="+strconv.Itoa(changes)), env...)
	c.cmd.Stderr = &c.err
	pipe, err := c.cmd.StdoutPipe()
	if err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewReader(pipe)
	return c
}

// next waits for one more change to be acknowledged.
func (c *child) next() bool {
	line, err := c.out.ReadString('\n')
	if err != nil {
		return false
	}
	text, _ := strings.CutPrefix(strings.TrimSpace(line), "ack ")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(fmt.Sprintf("a child said %q", line))
	}
	c.acknowledged = n
	return true
}

// wait reads what else was acknowledged.
func (c *child) wait() error {
	for c.next() {
	}
	_, _ = io.Copy(io.Discard, c.out)
	return c.cmd.Wait()
}

// TestKilledAtEveryStep: wherever the process ends, what was acknowledged is
// there, what was not is there whole or not at all, and it goes on.
func TestKilledAtEveryStep(t *testing.T) {
	for _, step := range failpoint.Control {
		times := []int{1, 2, 3, 8} // also within the making of the state
		fresh := (*testing.T).TempDir
		switch kind, _, _ := strings.Cut(step, "."); kind {
		case "file":
			times = []int{1} // there is one key
		case "backup":
			times, fresh = []int{1}, oldState
		}
		for _, n := range times {
			t.Run(fmt.Sprintf("%s:%d", step, n), func(t *testing.T) {
				t.Parallel()
				dir := fresh(t)
				c := launch(t, dir, 10, failpoint.Variable+"="+fmt.Sprintf("%s:%d", step, n))
				if err := c.wait(); err == nil || c.cmd.ProcessState.Exited() {
					t.Fatalf("the child was not killed: %v\n%s", err, c.err.String())
				}
				last := checkChanges(t, dir, c.acknowledged)
				again := launch(t, dir, 5)
				if err := again.wait(); err != nil || again.acknowledged != last+5 {
					t.Fatalf("it does not go on: %v, change %d\n%s", err, again.acknowledged, again.err.String())
				}
				checkChanges(t, dir, again.acknowledged)
			})
		}
	}
}

// TestKilledAtRandom kills one process after the other over the same directory.
func TestKilledAtRandom(t *testing.T) {
	rounds := 30
	if os.Getenv("EDGE_GATEWAY_TEST_LONG") == "1" {
		rounds = 200
	}
	dir := t.TempDir()
	var last int64
	for range rounds {
		c := launch(t, dir, 1_000_000)
		c.acknowledged = last
		most := 3 * time.Millisecond
		changes := rand.IntN(20)
		if changes < 5 { // also while it starts
			changes, most = 0, 30*time.Millisecond
		}
		for range changes {
			if !c.next() {
				t.Fatalf("the child ended: %v\n%s", c.wait(), c.err.String())
			}
		}
		// Not to wait for anything: the moment is to be any.
		time.Sleep(rand.N(most))
		if err := c.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := c.wait(); err == nil || c.cmd.ProcessState.Exited() {
			t.Fatalf("the child was not killed: %v\n%s", err, c.err.String())
		}
		last = checkChanges(t, dir, c.acknowledged)
		if t.Failed() {
			t.FailNow()
		}
	}
	if last < int64(rounds) {
		t.Errorf("%d changes only", last)
	}
}
