package isolate_test

import (
	"bytes"
	"context"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
)

// Processes are killed while requests enter them, are inside, wait for the next
// one and are given up. Each is answered, by its handler, as lost, or as too
// late; no connection is; and of the processes that were nothing stays.
func TestAStormOfEndsLosesRequestsAndNothingElse(t *testing.T) {
	e := isolated("faulty", build(t, faultyInC))
	e.Limits.Timeout = 50 * time.Millisecond // less than some of the waits
	s := start(t, e)
	var count [600]atomic.Int64
	load := rawclient.Load{
		Addr: s.address, Conns: 16,
		Request: func(conn, _ int) []byte {
			if conn == 0 {
				return []byte("GET /faulty?slow HTTP/1.1\r\nHost: x\r\n\r\n") // is always too late
			}
			return []byte("GET /faulty HTTP/1.1\r\nHost: x\r\n\r\n")
		},
		Check: func(r *rawclient.Response) error {
			count[r.Status].Add(1)
			return nil
		},
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan *rawclient.Result, 1)
	go func() { done <- load.Run(ctx) }()
	answered := func(n int64) {
		t.Helper()
		from := count[200].Load()
		within(t, 20*time.Second, "requests are answered", func() bool { return count[200].Load() >= from+n })
	}
	answered(100)
	before := left(t)
	for range 6 {
		if pid := s.process("faulty").Pid; pid != 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		s.exit()
		answered(100)
	}
	stop()
	if r := <-done; r.Failed != 0 || r.Refused != 0 {
		t.Error(r)
	}
	total := count[200].Load() + count[502].Load() + count[503].Load() + count[504].Load()
	for status := range count {
		if n := count[status].Load(); n > 0 {
			t.Logf("%d: %d", status, n)
			total -= n
		}
	}
	if total != 0 || count[502].Load() == 0 || count[504].Load() == 0 {
		t.Error("there are other answers than expected, or some are not there")
	}
	within(t, 10*time.Second, "every request is over", func() bool {
		r := s.Report().Endpoints[0]
		return r.InFlight == 0 && r.Stuck == 0 && r.Native == 0
	})
	within(t, 10*time.Second, "nothing is left of the ended processes", func() bool {
		now := left(t)
		return now.links <= before.links && now.files <= before.files && now.goroutines <= before.goroutines
	})
}

// leftovers count what processes that have ended could leave in the gateway.
type leftovers struct{ links, files, goroutines int }

func left(t *testing.T) leftovers {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return leftovers{bytes.Count(maps, []byte("edge-gateway-")), len(files), runtime.NumGoroutine()}
}
