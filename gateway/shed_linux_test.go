package gateway_test

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// Above its limit of memory the gateway sends requests away; when there is room
// again it lets them in.
func TestRequestsAreSentAwayWhileThereIsTooMuchMemory(t *testing.T) {
	debug.FreeOSMemory()
	before, address := start(t, gateway.Options{}, gateway.Snapshot{})
	_ = address
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
	taken := make([]byte, 256<<20)
	for i := 0; i < len(taken); i += 4096 {
		taken[i] = 1
	}
	becomes(503)
	if r := ask(t, address, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"); r.Status != 503 || len(r.Interim) != 0 {
		t.Errorf("to a request that waits: %+v", r)
	}
	runtime.KeepAlive(taken)
	taken = nil // collected, since there is too much
	becomes(200)
	if g.Report().Refused[503] == 0 {
		t.Error("nothing is counted as refused")
	}
}
