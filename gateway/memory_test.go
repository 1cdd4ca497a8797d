package gateway_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// A body that the endpoint would take, and for which there is no memory now, is
// no fault of the client's.
func TestABodyWithoutMemoryForItIs503(t *testing.T) {
	_, address := start(t, gateway.Options{MaxMemory: 1 << 20}, gateway.Snapshot{Endpoints: []gateway.Endpoint{function("same", "/", same)}})
	body := strings.Repeat("x", 2<<20)
	for name, request := range map[string]string{
		"of a length": fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", len(body), body),
		"in chunks":   fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body),
	} {
		if r := ask(t, address, request); r.Status != 503 || r.Header("Retry-After") == "" || !r.Close {
			t.Errorf("%s: %d, %q, close %v; want 503 with Retry-After", name, r.Status, r.Headers, r.Close)
		}
	}
	if r := ask(t, address, string(post("/", []byte("small"), 0))); r.Status != 200 {
		t.Errorf("a small one: %d", r.Status)
	}
}
