package worker_test

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/worker"
)

func (s *supervised) processEnds() []gateway.ProcessExit {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// process is the one of an isolated endpoint; 0 while there is none.
func (s *supervised) process(endpoint string) int {
	for _, e := range s.Report().Endpoints {
		for _, v := range e.Versions {
			if e.Name == endpoint && v.Process != nil {
				return v.Process.Pid
			}
		}
	}
	return 0
}

func TestACrashOfAnIsolatedEndpointIsToldAndTheWorkerStays(t *testing.T) {
	library := build(t, faultyInC)
	s := start(t, serve(
		gateway.Endpoint{Name: "faulty", Path: "/faulty", Library: library, Isolated: true},
		gateway.Endpoint{Name: "good", Path: "/good", Library: library},
	))
	before, process := s.Pid(), s.process("faulty")
	if process == 0 || process == before {
		t.Fatalf("process %d of worker %d", process, before)
	}
	s.wantStatus(t, "/faulty", 200)
	s.wantStatus(t, "/faulty?segv", 502)
	within(t, back, "the end is told", func() bool { return len(s.processEnds()) == 1 })
	e := s.processEnds()[0]
	if e.Endpoint != "faulty" || len(e.Version) != 64 || e.Pid != process || e.Lost != 1 || len(e.Output) == 0 || len(e.Recorded.Calls) != 1 || len(e.Recorded.Libraries) != 1 {
		t.Errorf("%+v", e)
	}
	s.wantStatus(t, "/faulty", 200)
	s.wantStatus(t, "/good", 200)
	if s.Pid() != before || len(s.crashed()) != 0 {
		t.Errorf("worker %d, was %d", s.Pid(), before)
	}

	// What is banned for it is not served by the next worker.
	s.mu.Lock()
	s.banned = []worker.Banned{{Endpoint: "faulty", Version: e.Version}}
	s.mu.Unlock()
	s.wantStatus(t, "/faulty?abort", 502)
	within(t, back, "the end is told", func() bool { return len(s.processEnds()) == 2 })
	process = s.process("faulty")
	if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	within(t, back, "another worker serves", func() bool { pid := s.Pid(); return pid != 0 && pid != before })
	s.wantStatus(t, "/faulty", 503)
	s.wantStatus(t, "/good", 200)
	within(t, back, "its process is gone with the worker", func() bool {
		return process == 0 || syscall.Kill(process, 0) != nil || zombie(process)
	})
}

// zombie tells whether nothing of a process runs any more, although somebody has
// yet to wait for it.
func zombie(pid int) bool {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return bytes.Contains(stat, []byte(") Z "))
}
