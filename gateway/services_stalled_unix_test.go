//go:build unix

package gateway_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
)

// outside asks the database for a number, not by way of the gateway.
func outside(t *testing.T, server *servertest.PostgresServer, query string) (n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if err := conn.QueryRow(ctx, query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestADeadlineEndsATransactionOfAHungBackend: the database hangs between two
// statements of a transaction. The client has its answer in time, and once the
// database goes on nothing of the transaction is left there.
func TestADeadlineEndsATransactionOfAHungBackend(t *testing.T) {
	server := servertest.Postgres(t)
	services := embedded(t).services
	services[0] = gateway.Service{Name: "db", Kind: "sql", Driver: "postgres", Options: config.Options{"url": server.URL()}}
	const timeout = time.Second
	g, address := misusing(t, gateway.Options{}, services, func(http.ResponseWriter, *http.Request) { server.Hang() }, gateway.Limits{Timeout: timeout})
	defer server.Continue()

	begin := time.Now()
	r := get(t, address, "/hang")
	took := time.Since(begin)
	// The blocked handler hears of the deadline too, and may be back with what it
	// was told before the scanner has looked: cut off, and an unknown outcome.
	told := r.Status == http.StatusOK && string(r.Body) == fmt.Sprintf("%d %d", abi.ErrDeadline, abi.ErrUnknown)
	if r.Status != http.StatusGatewayTimeout && !told || took < timeout || took > timeout+2*time.Second {
		t.Errorf("%d %q after %s", r.Status, r.Body, took)
	}
	says(t, address, "/hello", "hello")
	server.Continue()
	if n := outside(t, server, "select count(*) from note"); n != 0 {
		t.Errorf("%d rows of the transaction are there", n)
	}
	becomes(t, func() string {
		return fmt.Sprint(outside(t, server, "select count(*) from pg_stat_activity where state like 'idle in transaction%' or state = 'active' and pid <> pg_backend_pid()"))
	}, "0")
	becomes(t, func() string { return string(get(t, address, "/count").Body) }, "0 0")
	status, err := g.Status("misuse")
	if err != nil || status.Stuck != 0 {
		t.Errorf("%+v, %v", status, err)
	}
}

// footprint is what this process has in memory: in the Go heap, and in all, with
// what is lent to requests, what libraries have taken and the stacks of threads.
type footprint struct{ heap, resident uint64 }

// measure gives back what is not in use first, so that what is left is.
func measure(t *testing.T) (f footprint) {
	t.Helper()
	debug.FreeOSMemory()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	f.heap = memory.HeapAlloc
	if runtime.GOOS != "linux" {
		return f // the system does not tell the rest in a file
	}
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var size uint64
	if _, err := fmt.Sscan(string(statm), &size, &f.resident); err != nil {
		t.Fatal(err)
	}
	f.resident *= uint64(os.Getpagesize())
	return f
}

func (f footprint) most(o footprint) footprint {
	return footprint{max(f.heap, o.heap), max(f.resident, o.resident)}
}

func (f footprint) String() string {
	return fmt.Sprintf("%d kB of heap, %d kB resident", f.heap>>10, f.resident>>10)
}

// TestAFloodOverAStalledBackend: ten times as many clients as the service has
// room for, while its database hangs. Each has an answer in time, memory stays
// flat, and another endpoint answers all the while.
func TestAFloodOverAStalledBackend(t *testing.T) {
	const (
		workers, mailbox = 4, 16
		clients          = 10 * (workers + mailbox)
		timeout          = 500 * time.Millisecond
		length           = 4 * time.Second
	)
	server := servertest.Postgres(t)
	services := embedded(t).services
	services[0] = gateway.Service{
		Name: "db", Kind: "sql", Driver: "postgres", Workers: workers, Mailbox: mailbox, Options: config.Options{"url": server.URL()},
	}
	g, address := misusing(t, gateway.Options{}, services, echo, gateway.Limits{Timeout: timeout})
	says(t, address, "/count", "0 0")
	server.Hang()
	defer server.Continue()

	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	flood := make(chan *rawclient.Result, 1)
	go func() {
		load := rawclient.Load{Addr: address, Conns: clients, Think: 10 * time.Millisecond, Request: func(int, int) []byte {
			return []byte("GET /count HTTP/1.1\r\nHost: x\r\n\r\n")
		}}
		flood <- load.Run(ctx)
	}()
	// The other endpoint meanwhile, one request after the other.
	var early, late footprint
	var worst time.Duration
	hellos := 0
	hello := connect(t, address)
	looked := time.Now()
	for begin := time.Now(); ctx.Err() == nil; hellos++ {
		asked := time.Now()
		r, err := hello.Do([]byte("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"))
		if err != nil || r.Status != 200 {
			t.Fatal(r, err)
		}
		worst = max(worst, time.Since(asked))
		if time.Since(looked) > length/20 {
			looked = time.Now()
			switch since, now := time.Since(begin), measure(t); {
			case since < length/4: // memory is still being taken for the first time
			case since < length*3/8:
				early = early.most(now)
			case since > length*3/4:
				late = late.most(now)
			}
		}
	}
	result := <-flood
	t.Logf("flood: %s, 99th percentile %s, longest %s; the other endpoint: %d answers, longest %s; memory %s, then %s",
		result, result.Percentile(99), result.Percentile(100), hellos, worst, early, late)
	if result.Failed > 0 || result.Refused > 0 || result.ByStatus[200] > 0 {
		t.Error(result)
	}
	// Some waited until their deadline; most heard at once that there is no room.
	if result.ByStatus[504] == 0 || result.ByStatus[503] < 10*result.ByStatus[504] {
		t.Errorf("statuses %v", result.ByStatus)
	}
	if longest := result.Percentile(100); longest > timeout+2*time.Second {
		t.Errorf("an answer took %s", longest)
	}
	if hellos < 100 || worst > time.Second {
		t.Errorf("the other endpoint: %d answers, the longest took %s", hellos, worst)
	}
	const most = 8 << 20 // some hundred bytes for each request in between
	if late.heap > early.heap+most || late.resident > early.resident+most {
		t.Errorf("memory grew from %s to %s", early, late)
	}
	server.Continue()
	becomes(t, func() string { return string(get(t, address, "/count").Body) }, "0 0")
	for _, s := range g.ServiceStatuses() {
		if s.Name == "db" && s.Connections > workers {
			t.Errorf("%d connections for %d workers", s.Connections, workers)
		}
	}
}
