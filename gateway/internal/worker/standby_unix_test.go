//go:build unix

package worker_test

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
	"github.com/edge-gateway/edge-gateway/gateway/internal/worker"
)

// slowInC takes a second to start, and ends its process as the query says.
var slowInC = strings.Replace(faultyInC, "  return EG_OK;", `  sleep(1);
  return EG_OK;`, 1)

// standingBy starts a worker that serves and one that stands by.
func standingBy(t *testing.T, snapshot gateway.Snapshot) *supervised {
	t.Helper()
	s := start(t, snapshot, func(o *worker.Options) { o.Standby = true })
	s.waitForStandby(t, 1)
	return s
}

var standsBy = regexp.MustCompile(`"msg":"a worker process stands by","pid":([0-9]+)`)

// waitForStandby waits until so many workers have come to stand by, and gives
// the process id of the last one.
func (s *supervised) waitForStandby(t *testing.T, n int) (pid int) {
	t.Helper()
	within(t, 20*time.Second, "a worker stands by", func() bool {
		all := standsBy.FindAllStringSubmatch(s.printed.String(), -1)
		if len(all) >= n {
			pid, _ = strconv.Atoi(all[len(all)-1][1])
		}
		return pid != 0
	})
	return pid
}

func TestAStandbyTakesOverWithoutLoadingAnything(t *testing.T) {
	s := standingBy(t, serve(gateway.Endpoint{Name: "slow", Path: "/", Library: build(t, slowInC)}))
	for n := range 2 {
		standby := s.waitForStandby(t, n+1)
		began := time.Now()
		if r, err := s.ask("/?segv"); err == nil {
			t.Errorf("it answered %d", r.Status)
		}
		s.wantStatus(t, "/", 200)
		took := time.Since(began)
		t.Logf("crash %d: served again after %v", n+1, took)
		if took > time.Second {
			t.Errorf("it took %v, as long as it takes to load", took)
		}
		within(t, back, "the standby serves", func() bool { return s.Pid() == standby })
	}
	s.waitForStandby(t, 3)
}

func TestAStandbyHasWhatWasAcknowledged(t *testing.T) {
	library := build(t, faultyInC)
	s := standingBy(t, serve(gateway.Endpoint{Name: "first", Path: "/first", Library: library}))
	for n := range 3 {
		standby := s.waitForStandby(t, n+1)
		if err := s.Apply(t.Context(), serve(
			gateway.Endpoint{Name: "faulty", Path: "/faulty", Library: library},
			gateway.Endpoint{Name: "new", Path: "/new" + strconv.Itoa(n), Library: library},
		)); err != nil {
			t.Fatal(err)
		}
		if r, err := s.ask("/faulty?segv"); err == nil {
			t.Errorf("it answered %d", r.Status)
		}
		s.wantStatus(t, "/new"+strconv.Itoa(n), 200)
		s.wantStatus(t, "/first", 404)
		within(t, back, "the standby serves", func() bool { return s.Pid() == standby })
	}
}

// What does not get over being loaded ends the standby, and costs nobody a
// request.
func TestALibraryThatEndsItsProcessIsLoadedByTheStandbyFirst(t *testing.T) {
	library := build(t, faultyInC)
	s := standingBy(t, serve(gateway.Endpoint{Name: "good", Path: "/", Library: library}))
	before := s.Pid()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	load := rawclient.Load{
		Addr: s.address, Conns: 4, Think: time.Millisecond, Check: rawclient.WantStatus(200),
		Request: func(int, int) []byte { return request("/") },
	}
	done := make(chan *rawclient.Result, 1)
	go func() { done <- load.Run(ctx) }()
	bad := gateway.Endpoint{Name: "bad", Path: "/bad", Library: library, Config: map[string]string{"file": library}}
	wantEndpointError(t, s.Apply(t.Context(), serve(gateway.Endpoint{Name: "good", Path: "/", Library: library}, bad)), "bad", "the worker process ended")
	s.waitForStandby(t, 2)
	stop()
	if r := <-done; r.Failed != 0 || r.Refused != 0 || r.OK == 0 {
		t.Error(r)
	}
	if s.Pid() != before {
		t.Error("another worker serves")
	}
	s.wantStatus(t, "/bad", 404)
}

// A change that the worker which serves refuses is not that of the standby.
func TestAChangeThatIsRefusedIsTakenBackFromTheStandby(t *testing.T) {
	library := build(t, faultyInC)
	once := build(t, strings.Replace(faultyInC, "if (path[0] && !access(path, F_OK)) crash();", `if (path[0] && mkdir(path, 0700) != 0) return EG_E_INTERNAL;`, 1))
	s := standingBy(t, serve(gateway.Endpoint{Name: "faulty", Path: "/faulty", Library: library}))
	standby := s.waitForStandby(t, 1)
	exclusive := gateway.Endpoint{Name: "once", Path: "/once", Library: once, Config: map[string]string{"file": t.TempDir() + "/dir"}}
	err := s.Apply(t.Context(), serve(gateway.Endpoint{Name: "faulty", Path: "/moved", Library: library}, exclusive))
	wantEndpointError(t, err, "once", "handler_init")
	_, _ = s.ask("/faulty?segv")
	s.wantStatus(t, "/faulty", 200)
	s.wantStatus(t, "/once", 404)
	s.wantStatus(t, "/moved", 404)
	within(t, back, "the standby serves", func() bool { return s.Pid() == standby })
}

func TestAStandbyThatEndsIsReplaced(t *testing.T) {
	s := standingBy(t, serve(gateway.Endpoint{Name: "good", Path: "/", Library: build(t, faultyInC)}))
	before := s.Pid()
	first := s.waitForStandby(t, 1)
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if second := s.waitForStandby(t, 2); second == first || s.Pid() != before {
		t.Errorf("%d stands by", second)
	}
	if _, after, err := s.Recycle(t.Context()); err != nil || after != s.waitForStandby(t, 2) {
		t.Error("a recycle does not take the standby", err)
	}
	s.waitForStandby(t, 3)
	s.wantStatus(t, "/", 200)
}
