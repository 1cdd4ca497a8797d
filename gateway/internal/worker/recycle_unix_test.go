//go:build unix

package worker_test

import (
	"context"
	"errors"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
)

func TestRecycleUnderLoadLosesNothing(t *testing.T) {
	library := build(t, faultyInC)
	s := start(t, serve(gateway.Endpoint{Name: "good", Path: "/", Library: library}))
	var answered atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	load := rawclient.Load{
		Addr: s.address, Conns: 32, Think: time.Millisecond,
		Request: func(_, i int) []byte {
			if i%50 == 7 {
				return request("/?slow")
			}
			return request("/")
		},
		Check: func(r *rawclient.Response) error {
			answered.Add(1)
			return rawclient.WantStatus(200)(r)
		},
	}
	done := make(chan *rawclient.Result, 1)
	go func() { done <- load.Run(ctx) }()
	pids := map[int]bool{}
	for range 4 {
		pids[s.Pid()] = true
		from := answered.Load()
		within(t, 20*time.Second, "requests are answered", func() bool { return answered.Load() > from+500 })
		before, after, err := s.Recycle(t.Context())
		if err != nil || !pids[before] || after != s.Pid() {
			t.Fatal(before, after, err)
		}
	}
	if len(pids) != 4 {
		t.Errorf("workers %v", pids)
	}
	for pid := range pids {
		within(t, 20*time.Second, "the old workers end", func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) })
	}
	stop()
	if r := <-done; r.Failed != 0 || r.Refused != 0 {
		t.Error(r)
	}
	if exits := s.crashed(); len(exits) != 0 {
		t.Errorf("%+v", exits)
	}
}

// A connection that is kept may lead to the old worker, but not to what it
// served before a change.
func TestAChangeAfterARecycleIsInForceOnKeptConnections(t *testing.T) {
	library := build(t, faultyInC)
	s := start(t, serve(gateway.Endpoint{Name: "good", Path: "/", Library: library}))
	kept, err := rawclient.Dial(s.address)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	if r, err := kept.Do(request("/")); err != nil || r.Status != 200 {
		t.Fatal(r, err)
	}
	if _, _, err := s.Recycle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(t.Context(), serve(gateway.Endpoint{Name: "good", Path: "/"})); err != nil {
		t.Fatal(err)
	}
	if r, err := kept.Do(request("/")); err == nil && r.Status != 503 {
		t.Errorf("the old worker answers %d", r.Status)
	}
	s.wantStatus(t, "/", 503)
}

func TestARecycleThatFailsLeavesTheOldWorkerServing(t *testing.T) {
	library := build(t, faultyInC)
	file := t.TempDir() + "/file"
	s := start(t, serve(gateway.Endpoint{Name: "faulty", Path: "/", Library: library, Config: map[string]string{"file": file}}))
	if err := syscall.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
	before := s.Pid()
	if _, _, err := s.Recycle(t.Context()); err == nil || s.Pid() != before {
		t.Errorf("%v", err)
	}
	s.wantStatus(t, "/", 200)
	if out := s.out(); len(out) != 0 {
		t.Error(out)
	}
}

func TestWhatIsCountedIsOfTheWorkerThatServes(t *testing.T) {
	library := build(t, faultyInC)
	s := start(t, serve(gateway.Endpoint{Name: "good", Path: "/", Library: library}))
	s.wantStatus(t, "/", 200)
	first := s.Report()
	if len(first.Endpoints) != 1 || first.Endpoints[0].Versions[0].Requests[200] != 1 {
		t.Errorf("%+v", first)
	}
	if _, _, err := s.Recycle(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := s.Report()
	if len(second.Endpoints) != 1 || second.Endpoints[0].Versions[0].Requests[200] != 0 || !second.Started.After(first.Started) {
		t.Errorf("%+v", second)
	}
}
