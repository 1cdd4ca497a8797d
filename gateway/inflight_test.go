//go:build linux

package gateway_test

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
)

const (
	waiting       = 10_000
	clientAddress = "EDGE_GATEWAY_TEST_CLIENT_OF"
)

// allAtOnce is a service whose operations are done when so many wait at a time,
// and not before.
type allAtOnce struct {
	mu      sync.Mutex
	waiting []*abi.Operation
}

func (a *allAtOnce) Start(op *abi.Operation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.waiting = append(a.waiting, op); len(a.waiting) < waiting {
		return
	}
	for _, one := range a.waiting {
		one.Finish(abi.OK, echoed("all"))
	}
	a.waiting = nil
}

// 10,000 requests wait at a time, for each other and then for a timer, on few
// threads. The client is a process of its own: in one, the descriptors would
// not do.
func TestTenThousandRequestsAwaitOnFewThreads(t *testing.T) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < waiting+500 {
		if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" {
			t.Fatalf("the limit on descriptors is %d, %d are needed: ulimit -n", limit.Cur, waiting+500)
		}
		t.Skipf("the limit on descriptors is %d, %d are needed", limit.Cur, waiting+500)
	}
	_, address := start(t, gateway.Options{Services: map[string]abi.Service{"test.echo/1": &allAtOnce{}}}, gateway.Snapshot{Endpoints: []gateway.Endpoint{
		endpoint("await", "/await/{how}", build(t, "testdata/handlers/await")),
		endpoint("wait", "/wait", build(t, "../sdk-c/examples/wait")),
	}})
	before := threads(t)
	client := exec.Command(os.Args[0], "-test.run=^TestClientOfTenThousand$", "-test.v")
	client.Env = append(os.Environ(), clientAddress+"="+address)
	done := make(chan struct{})
	most := before
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				most = max(most, threads(t))
			}
		}
	})
	out, err := client.CombinedOutput()
	close(done)
	watching.Wait()
	if err != nil {
		t.Fatalf("client: %v\n%s", err, out)
	}
	t.Logf("%d threads before, at most %d\n%s", before, most, out)
	if most-before >= 64 {
		t.Errorf("%d more threads for %d waiting requests", most-before, waiting)
	}
}

func TestClientOfTenThousand(t *testing.T) {
	address := os.Getenv(clientAddress)
	if address == "" {
		t.Skip("the client of TestTenThousandRequestsAwaitOnFewThreads, started by it")
	}
	conns := make([]*rawclient.Conn, waiting)
	var dialing sync.WaitGroup
	for part := range 50 {
		dialing.Go(func() {
			for i := part; i < waiting; i += 50 {
				c, err := rawclient.Dial(address)
				if err != nil {
					t.Error(err)
					return
				}
				c.Timeout = 30 * time.Second
				conns[i] = c
			}
		})
	}
	dialing.Wait()
	if t.Failed() {
		return
	}
	for _, round := range []struct {
		target, body string
		within       time.Duration
	}{
		{"/await/hold", "all", 20 * time.Second},
		{"/wait?ms=100", "waited 100 ms\n", 5 * time.Second}, // the aim is 1 s
	} {
		begin := time.Now()
		for _, c := range conns {
			if err := c.Write([]byte("GET " + round.target + " HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
				t.Fatal(err)
			}
		}
		written := time.Since(begin)
		for i, c := range conns {
			if r, err := c.ReadResponse("GET"); err != nil || r.Status != 200 || string(r.Body) != round.body {
				t.Fatalf("%s, request %d: %+v %v", round.target, i, r, err)
			}
		}
		took := time.Since(begin)
		fmt.Printf("%d requests for %s: written in %v, answered in %v\n", waiting, round.target, written, took)
		if took > round.within {
			t.Errorf("%s: they took %v", round.target, took)
		}
	}
	for _, c := range conns {
		c.Close()
	}
}

func threads(t *testing.T) int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("threads cannot be counted here: ", err)
	}
	_, rest, _ := strings.Cut(string(status), "Threads:")
	n, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
