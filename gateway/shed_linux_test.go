package gateway_test

import (
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// Above its limit of memory the gateway sends requests away; when there is room
// again it lets them in.
func TestRequestsAreSentAwayWhileThereIsTooMuchMemory(t *testing.T) {
	debug.FreeOSMemory()
	before, _ := start(t, gateway.Options{}, gateway.Snapshot{})
	most := before.Report().Process.Memory + 128<<20
	g, address := start(t, gateway.Options{Memory: most}, gateway.Snapshot{Endpoints: []gateway.Endpoint{function("same", "/", same)}})
	const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	becomes := func(status int) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			r := ask(t, address, get)
			if r.Status == status {
				if status == 503 && (r.Header("Retry-After") == "" || r.Close) {
					t.Errorf("%q, close %v; want Retry-After, and the connection kept", r.Headers, r.Close)
				}
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("still answers %d with %d MiB", r.Status, g.Report().Process.Memory>>20)
			}
		}
	}
	becomes(200)
	const room = 256 << 20
	taken, err := syscall.Mmap(-1, 0, room, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_POPULATE)
	if err != nil {
		t.Fatal(err)
	}
	becomes(503)
	if r := ask(t, address, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"); r.Status != 503 || len(r.Interim) != 0 {
		t.Errorf("to a request that waits: %+v", r)
	}
	if err := syscall.Munmap(taken); err != nil {
		t.Fatal(err)
	}
	becomes(200)
	if !withRaceDetector() { // which keeps memory of its own for what there was
		garbage := make([]byte, room)
		for i := 0; i < len(garbage); i += 4096 {
			garbage[i] = 1
		}
		becomes(503)
		runtime.KeepAlive(garbage)
		garbage = nil // collected, since there is too much
		becomes(200)
	}
	if g.Report().Refused[503] == 0 {
		t.Error("nothing is counted as refused")
	}
}

func withRaceDetector() bool {
	info, _ := debug.ReadBuildInfo()
	return info != nil && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
