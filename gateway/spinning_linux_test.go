package gateway_test

import (
	"net"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/edge-gateway/edge-gateway/gateway"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// idleThreads lists the threads of this process with the lowest priority.
func idleThreads(t *testing.T) (ids []string) {
	t.Helper()
	tasks, err := filepath.Glob("/proc/self/task/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		id, err := strconv.Atoi(filepath.Base(task))
		if err != nil {
			t.Fatal(err)
		}
		if attr, err := unix.SchedGetAttr(id, 0); err == nil && attr.Policy == unix.SCHED_IDLE {
			ids = append(ids, filepath.Base(task))
		}
	}
	return ids
}

// threadsBecome waits until so many threads have the lowest priority.
func threadsBecome(t *testing.T, n int) {
	t.Helper()
	within(t, func() bool { return len(idleThreads(t)) == n })
}

// within waits until something is true.
func within(t *testing.T, true func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !true(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never came true")
		}
	}
}

// mayRaise skips where a thread could not be put back, and so is left alone:
// what that takes is what it takes to be less nice.
func mayRaise(t *testing.T) {
	t.Helper()
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NICE, &limit) == nil && limit.Cur >= 20 {
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	now, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	less := *now
	less.Nice--
	if err := unix.SchedSetAttr(0, &less, 0); err != nil {
		t.Skip("this process may not raise the priority of a thread: ", err)
	}
	if err := unix.SchedSetAttr(0, now, 0); err != nil {
		t.Fatal(err)
	}
}

// Threads that spin in calls past their deadline have the lowest priority until
// they return, and no others have.
func TestSpinningThreadsAreSlowedDownUntilTheyReturn(t *testing.T) {
	mayRaise(t)
	g, address, tell := spinningUntilTold(t, gateway.Limits{Timeout: 50 * time.Millisecond})
	var all sync.WaitGroup
	for _, path := range []string{"/spin", "/spin", "/sleep", "/spin"} {
		all.Go(func() {
			if r := get(t, address, path); r.Status != 504 {
				t.Errorf("%s: %d", path, r.Status)
			}
		})
	}
	all.Wait()
	threadsBecome(t, 3)
	slow := idleThreads(t)
	if r := get(t, address, "/other/x"); r.Status != 200 {
		t.Errorf("another endpoint answers %d", r.Status)
	}
	if now := idleThreads(t); strings.Join(now, " ") != strings.Join(slow, " ") {
		t.Errorf("the slowed threads were %v and are %v", slow, now)
	}
	tell()
	settledStuck(t, g)
	threadsBecome(t, 0)
}

// A request behind an answer that is still held back is not the scanner's, and
// its thread is slowed down like any other.
func TestSpinningThreadOfAPipelinedRequestIsSlowedDown(t *testing.T) {
	mayRaise(t)
	g, address, tell := spinningUntilTold(t, gateway.Limits{Timeout: 50 * time.Millisecond})
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("GET /quick HTTP/1.1\r\nHost: x\r\n\r\nGET /spin HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	threadsBecome(t, 1)
	tell()
	settledStuck(t, g)
	threadsBecome(t, 0)
}

// A call that calls back is put back as it enters Go, and then left alone; a
// thread that a slowed call has started is put back while that call runs on.
func TestSlowedThreadsThatEnterGoOrStartOthers(t *testing.T) {
	mayRaise(t)
	for _, test := range []struct {
		path          string
		slow, started int
	}{{"/call", 0, 0}, {"/start", 1, 1}} {
		t.Run(test.path[1:], func(t *testing.T) {
			g, address, tell := spinningUntilTold(t, gateway.Limits{Timeout: 50 * time.Millisecond})
			if r := get(t, address, test.path); r.Status != 504 {
				t.Errorf("%d", r.Status)
			}
			threadsBecome(t, 1)
			before := threads(t)
			within(t, func() bool { return threads(t) >= before+test.started })
			threadsBecome(t, test.slow)
			tell()
			settledStuck(t, g)
			threadsBecome(t, 0)
		})
	}
}

// A Go function of this program spins on a thread that serves others too.
func TestSpinningGoFunctionIsNotSlowedDown(t *testing.T) {
	done := make(chan struct{})
	e := gateway.Endpoint{Name: "spin", Path: "/", Limits: gateway.Limits{Timeout: 50 * time.Millisecond},
		Handler: edge.Handler(func(*edge.Request) (*edge.Response, error) {
			for {
				select {
				case <-done:
					return edge.Text(200, "done"), nil
				default:
				}
			}
		})}
	g, address := start(t, gateway.Options{}, gateway.Snapshot{Endpoints: []gateway.Endpoint{e}})
	if r := get(t, address, "/"); r.Status != 504 {
		t.Errorf("%d", r.Status)
	}
	for end := time.Now().Add(300 * time.Millisecond); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ids := idleThreads(t); len(ids) > 0 {
			t.Fatalf("threads %v have the lowest priority", ids)
		}
	}
	close(done)
	settledStuck(t, g)
}
