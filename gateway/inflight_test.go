//go:build linux

package gateway_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
)

const (
	waiting       = 10_000
	clientAddress = "EDGE_GATEWAY_TEST_CLIENT_OF"
)

// 10,000 requests wait for a timer at a time, on few threads. The client is a
// process of its own: in one, the descriptors would not do.
func TestTenThousandRequestsAwaitOnFewThreads(t *testing.T) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < waiting+500 {
		t.Skipf("the limit on descriptors is %d, %d are needed", limit.Cur, waiting+500)
	}
	_, address := start(t, gateway.Options{}, gateway.Snapshot{Endpoints: []gateway.Endpoint{
		{Name: "wait", Path: "/wait", Library: build(t, "../sdk-c/examples/wait")},
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
	conns := make([]net.Conn, waiting)
	var dialing sync.WaitGroup
	for part := range 50 {
		dialing.Go(func() {
			for i := part; i < waiting; i += 50 {
				c, err := net.Dial("tcp", address)
				if err != nil {
					t.Error(err)
					return
				}
				_ = c.SetDeadline(time.Now().Add(30 * time.Second))
				conns[i] = c
			}
		})
	}
	dialing.Wait()
	if t.Failed() {
		return
	}
	begin := time.Now()
	for _, c := range conns {
		if _, err := c.Write([]byte("GET /wait?ms=100 HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	written := time.Since(begin)
	for i, c := range conns {
		line, err := bufio.NewReaderSize(c, 256).ReadString('\n')
		if err != nil || !strings.Contains(line, " 200 ") {
			t.Fatalf("request %d: %q %v", i, line, err)
		}
		c.Close()
	}
	took := time.Since(begin)
	fmt.Printf("%d requests that wait 100 ms: written in %v, answered in %v\n", waiting, written, took)
	if took > 5*time.Second { // the aim is 1 s
		t.Errorf("they took %v", took)
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
