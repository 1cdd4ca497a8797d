//go:build unix

package worker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
	"github.com/edge-gateway/edge-gateway/gateway/internal/worker"
)

// back is within how long a worker serves again; five times as long passes on a
// machine that is busy with something else.
const back = 5 * time.Second

func TestACrashLosesWhatIsInFlightAndNothingElse(t *testing.T) {
	library := build(t, faultyInC)
	for _, test := range []struct {
		name   string
		signal bool
		status string // begins like this
		output string
	}{
		{name: "segv", output: "SIGSEGV"},
		{name: "abort", output: "SIGABRT"},
		{name: "exit", status: "exit status 0"},
		{name: "thread", status: "signal: segmentation fault"},
		{name: "kill", signal: true, status: "signal: killed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, serve(
				gateway.Endpoint{Name: "good", Path: "/good", Library: library},
				gateway.Endpoint{Name: "faulty", Path: "/faulty", Library: library},
			))
			before := s.Pid()
			const conns = 16
			var answered atomic.Int64
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			load := rawclient.Load{
				Addr: s.address, Conns: conns, Think: time.Millisecond,
				Request: func(int, int) []byte { return request("/good") },
				Check: func(r *rawclient.Response) error {
					answered.Add(1)
					return rawclient.WantStatus(200)(r)
				},
			}
			done := make(chan *rawclient.Result, 1)
			go func() { done <- load.Run(ctx) }()
			more := func(n int64) {
				t.Helper()
				from := answered.Load()
				within(t, back, "requests are answered", func() bool { return answered.Load() > from+n })
			}
			more(200)
			if test.signal {
				if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
			} else if r, err := s.ask("/faulty?" + test.name); err == nil {
				t.Errorf("it answered %d", r.Status)
			}
			within(t, back, "another worker serves", func() bool { pid := s.Pid(); return pid != 0 && pid != before })
			more(200)
			stop()
			// Each connection is lost once, at most, and made anew.
			if r := <-done; r.Refused != 0 || r.Failed > conns {
				t.Error(r)
			}
			exits := s.crashed()
			if len(exits) != 1 {
				t.Fatalf("%d crashes", len(exits))
			}
			e := exits[0]
			if e.Pid != before || e.Ordered || e.Loading.Endpoint != "" || !strings.HasPrefix(e.Status, test.status) || !bytes.Contains(e.Output, []byte(test.output)) {
				t.Errorf("%+v, want %+v", e, test)
			}
			if test.name == "segv" && runtime.GOOS == "linux" {
				wantFaulty(t, e)
			}
		})
	}
}

// wantFaulty wants the address of the crash to be in the library that crashed,
// of two that are copies of the same.
func wantFaulty(t *testing.T, e worker.Exit) {
	t.Helper()
	found := regexp.MustCompile(`\nPC=0x([0-9a-f]+) `).FindSubmatch(e.Output)
	if found == nil {
		t.Fatalf("%s", e.Output)
	}
	pc, err := strconv.ParseUint(string(found[1]), 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	var in []string
	for _, l := range e.Recorded.Libraries {
		if l.Lo <= pc && pc < l.Hi {
			in = append(in, l.Endpoint)
		}
		if len(l.Version) != 64 {
			t.Errorf("%+v", l)
		}
	}
	if fmt.Sprint(in) != "[faulty]" {
		t.Errorf("%x is in %v: %+v", pc, in, e.Recorded.Libraries)
	}
}

// With many goroutines the runtime would go on for long about what they do.
func TestACrashWithManyRequestsWaitingIsCutShort(t *testing.T) {
	library := build(t, faultyInC)
	s := start(t, serve(gateway.Endpoint{Name: "faulty", Path: "/", Library: library, Limits: gateway.Limits{MaxNative: 10}}))
	before := s.Pid()
	load := rawclient.Load{
		Addr: s.address, Conns: 500, Requests: 500, StopWhenRefused: true,
		Request: func(int, int) []byte { return request("/?slow") },
	}
	done := make(chan *rawclient.Result, 1)
	go func() { done <- load.Run(t.Context()) }()
	within(t, 10*time.Second, "requests are in flight", func() bool {
		r := s.Report()
		return len(r.Endpoints) == 1 && r.Endpoints[0].InFlight > 400
	})
	if err := syscall.Kill(before, syscall.SIGSEGV); err != nil {
		t.Fatal(err)
	}
	within(t, back, "another worker serves", func() bool { pid := s.Pid(); return pid != 0 && pid != before })
	if r := <-done; r.Refused != 0 {
		t.Error(r)
	}
	e := s.crashed()[0]
	if !bytes.Contains(e.Output, []byte("SIGSEGV")) || len(e.Output) > 64<<10 {
		t.Errorf("%d bytes, %.200s", len(e.Output), e.Output)
	}
}

func TestAWorkerThatEndsWhileItTakesAChangeServesWhatWasServed(t *testing.T) {
	library := build(t, faultyInC)
	file := library // is there
	good := gateway.Endpoint{Name: "good", Path: "/good", Library: library}
	s := start(t, serve(good))
	before := s.Pid()
	err := s.Apply(t.Context(), serve(good, gateway.Endpoint{Name: "bad", Path: "/bad", Library: library, Config: map[string]string{"file": file}}))
	wantEndpointError(t, err, "bad", "the worker process ended")
	within(t, back, "another worker serves", func() bool { pid := s.Pid(); return pid != 0 && pid != before })
	s.wantStatus(t, "/good", 200)
	s.wantStatus(t, "/bad", 404)
	// Who asks at once waits until it can be done.
	if err := syscall.Kill(s.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	within(t, back, "the worker has ended", func() bool { return len(s.crashed()) == 2 })
	if err := s.Apply(t.Context(), serve(good, gateway.Endpoint{Name: "more", Path: "/more", Library: library})); err != nil {
		t.Error(err)
	}
	s.wantStatus(t, "/more", 200)
	if loading := s.crashed()[0].Loading; loading.Endpoint != "bad" || len(loading.Version) != 12 {
		t.Errorf("%+v", loading)
	}
}

func TestAnEndpointWithWhichNoWorkerStartsIsLeftOut(t *testing.T) {
	library := build(t, faultyInC)
	file := t.TempDir() + "/file"
	good := gateway.Endpoint{Name: "good", Path: "/good", Library: library}
	bad := gateway.Endpoint{Name: "bad", Path: "/bad", Library: library, Config: map[string]string{"file": file}}
	s := start(t, serve(bad, good))
	s.wantStatus(t, "/bad", 200)
	if err := syscall.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(s.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	within(t, back, "a worker serves", func() bool { return s.Pid() != 0 && len(s.crashed()) == 2 })
	s.wantStatus(t, "/good", 200)
	s.wantStatus(t, "/bad", 503)
	if out := s.out(); len(out) != 1 || !strings.HasPrefix(out[0], "bad: the worker process ended") {
		t.Error(out)
	}
	// Who has not heard of it is told, without another crash.
	wantEndpointError(t, s.Apply(t.Context(), serve(bad, good)), "bad", "the worker process ended")
	if n := len(s.crashed()); n != 2 {
		t.Errorf("%d crashes", n)
	}
	without := bad
	without.Library = ""
	if err := s.Apply(t.Context(), serve(without, good)); err != nil {
		t.Fatal(err)
	}
	// Who has heard of it may try again.
	if err := syscall.Unlink(file); err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(t.Context(), serve(bad, good)); err != nil {
		t.Fatal(err)
	}
	s.wantStatus(t, "/bad", 200)
}

func wantEndpointError(t *testing.T, err error, endpoint, says string) {
	t.Helper()
	fault, ok := err.(*gateway.EndpointError)
	if !ok || fault.Endpoint != endpoint || !strings.Contains(fault.Err.Error(), says) {
		t.Errorf("%v", err)
	}
}

func TestWhatAHandlerSaysLastIsKept(t *testing.T) {
	library := build(t, strings.Replace(faultyInC, `if (is(query, "segv")) crash();`,
		`if (is(query, "segv")) { eg_log(host, request, EG_LOG_ERROR, "my last words"); crash(); }`, 1))
	s := start(t, serve(gateway.Endpoint{Name: "faulty", Path: "/", Library: library}))
	if _, err := s.ask("/?segv"); err == nil {
		t.Error("it answered")
	}
	within(t, back, "another worker serves", func() bool { return len(s.crashed()) == 1 })
	if !s.kept.has("my last words") || !s.printed.has("my last words") {
		t.Errorf("%s", s.kept)
	}
}

// Those who are served notice every wait, so that the first few crashes are
// followed by the next worker at once.
func TestCrashesInARowAreEachFollowedByTheNextWorkerAtOnce(t *testing.T) {
	library := build(t, faultyInC)
	all := []gateway.Endpoint{{Name: "faulty", Path: "/faulty", Library: library}}
	for n := range 19 {
		all = append(all, gateway.Endpoint{Name: fmt.Sprint("good", n), Path: fmt.Sprint("/good", n), Library: library})
	}
	s := start(t, serve(all...))
	var times []time.Duration
	for n := range 3 {
		if r, err := s.ask("/faulty?segv"); err == nil {
			t.Errorf("it answered %d", r.Status)
		}
		began := time.Now()
		s.wantStatus(t, "/good0", 200)
		took := time.Since(began)
		t.Logf("crash %d: the other 19 endpoints are served after %v", n+1, took)
		times = append(times, took)
	}
	slices.Sort(times)
	if aim := 100 * time.Millisecond; times[1] > 5*aim {
		t.Errorf("it took %v", times)
	}
	if s.printed.has("keeps ending") {
		t.Error("it was waited")
	}
}

// What is being loaded when the worker ends need not be what ends it.
func TestACrashOfAnotherIsNotThatOfWhatIsBeingLoaded(t *testing.T) {
	library := build(t, faultyInC)
	slow := build(t, strings.Replace(faultyInC, "  return EG_OK;", `  eg_log(host, 0, EG_LOG_INFO, "it starts");
  struct timespec time = {20, 0};
  nanosleep(&time, 0);
  return EG_OK;`, 1))
	s := start(t, serve(gateway.Endpoint{Name: "faulty", Path: "/faulty", Library: library}))
	for n, end := range []func(){
		func() { _, _ = s.ask("/faulty?segv") },
		func() { _, _ = s.ask("/faulty?thread") },
		func() { _ = syscall.Kill(s.Pid(), syscall.SIGKILL) },
	} {
		applied := make(chan error, 1)
		go func() {
			applied <- s.Apply(t.Context(), serve(
				gateway.Endpoint{Name: "faulty", Path: "/faulty", Library: library},
				gateway.Endpoint{Name: "slow", Path: "/slow", Library: slow},
			))
		}()
		within(t, 10*time.Second, "it is being loaded", func() bool { return strings.Count(s.kept.String(), "it starts") == n+1 })
		end()
		err := <-applied
		var fault *gateway.EndpointError
		if err == nil || errors.As(err, &fault) || !strings.Contains(err.Error(), "try again") || n < 2 && !strings.Contains(err.Error(), `"faulty" is to blame`) {
			t.Errorf("end %d: %v", n, err)
		}
		if loading := s.crashed()[n].Loading; loading.Endpoint != "slow" {
			t.Errorf("%+v was being loaded", loading)
		}
		s.wantStatus(t, "/faulty", 200)
	}
	if out := s.out(); len(out) != 0 {
		t.Error(out)
	}
}

// A worker that is killed while it starts is followed by another one with all
// that there was.
func TestAKillWhileAWorkerStartsLeavesNothingOut(t *testing.T) {
	library := build(t, strings.Replace(faultyInC, "if (path[0] && !access(path, F_OK)) crash();", `if (path[0] && !access(path, F_OK)) {
    eg_log(host, 0, EG_LOG_INFO, "it hangs");
    for (;;) sleep(1);
  }`, 1))
	file := t.TempDir() + "/file"
	s := start(t, serve(gateway.Endpoint{Name: "slow", Path: "/", Library: library, Config: map[string]string{"file": file}}))
	if err := syscall.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(s.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	within(t, 10*time.Second, "another one starts", func() bool { return s.kept.has("it hangs") })
	if err := syscall.Unlink(file); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(s.starting(t), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	within(t, back, "a worker serves", func() bool { return s.Pid() != 0 })
	s.wantStatus(t, "/", 200)
	if out := s.out(); len(out) != 0 {
		t.Error(out)
	}
}
