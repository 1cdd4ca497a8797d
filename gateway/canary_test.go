package gateway_test

import (
	"context"
	"fmt"
	"math"
	"net"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// numberingInC answers with its version and how many requests the instance has
// had.
const numberingInC = `#include "edge_gateway_sdk.h"
static int requests;
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  int n = __atomic_add_fetch(&requests, 1, __ATOMIC_SEQ_CST);
  return eg_answer(host, request, response, 200, "text/plain", eg_format(host, request, "version-0000 %d", n));
}
EG_HANDLER_UNLOADABLE("versions", "1.0");
EG_ENTRY(answer);
`

func as(user int) string {
	return fmt.Sprintf("GET / HTTP/1.1\r\nHost: x\r\nX-User: user-%d\r\n\r\n", user)
}

// versionOf is the number in "version-0012 34".
func versionOf(t *testing.T, r *rawclient.Response, err error) int {
	t.Helper()
	if err != nil || r.Status != 200 || len(r.Body) < 12 {
		t.Fatalf("%v, %+v", err, r)
	}
	n, err := strconv.Atoi(string(r.Body[8:12]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The whole way of a canary: it gets its share of the users, each of whom stays
// where he is until the weight is raised, which moves users to it only; when it
// is promoted, the instance that was tried goes on.
func TestACanaryGetsItsShareAndIsPromoted(t *testing.T) {
	library := buildC(t, numberingInC)
	e := endpoint("versions", "/", patched(t, library, marker, "version-0001"))
	candidate := patched(t, library, marker, "version-0002")
	serve := func(weight float64) gateway.Snapshot {
		e := e
		e.Canary = &gateway.Canary{Library: candidate, Weight: weight, Header: "x-user"}
		return gateway.Snapshot{Endpoints: []gateway.Endpoint{e}}
	}
	g, address := start(t, gateway.Options{}, serve(5))
	c := connect(t, address)
	const users = 3000
	asked := map[int]uint64{}
	side := func(user int) int {
		t.Helper()
		r, err := c.Do([]byte(as(user)))
		n := versionOf(t, r, err)
		asked[n]++
		return n
	}
	was := make([]int, users)
	for n := range was {
		was[n] = 1
	}
	for _, weight := range []float64{5, 50} {
		if err := g.Apply(t.Context(), serve(weight)); err != nil {
			t.Fatal(err)
		}
		tried := 0
		for user := range was {
			now := side(user)
			if now < was[user] {
				t.Fatalf("at %v percent user %d was taken away from the canary", weight, user)
			}
			was[user] = now
			tried += now - 1
		}
		p := weight / 100
		if want, margin := users*p, 5*math.Sqrt(users*p*(1-p)); math.Abs(float64(tried)-want) > margin {
			t.Errorf("%v percent of %d users are %d, want %.0f±%.0f", weight, users, tried, want, margin)
		}
	}
	for user := range was[:100] {
		if now := side(user); now != was[user] {
			t.Errorf("user %d went from version %d to %d", user, was[user], now)
		}
	}
	r := g.Report().Endpoints[0].Versions
	if len(r) != 2 || r[0].Role != gateway.Current || r[1].Role != gateway.Trying || r[0].Requests[200] != asked[1] || r[1].Requests[200] != asked[2] {
		t.Errorf("%v were asked, and the report is %+v", asked, r)
	}
	e.Library = candidate
	if err := g.Apply(t.Context(), gateway.Snapshot{Endpoints: []gateway.Endpoint{e}}); err != nil {
		t.Fatal(err)
	}
	promoted, err := c.Do([]byte(as(1)))
	if err != nil || string(promoted.Body) != fmt.Sprintf("version-0002 %d", asked[2]+1) {
		t.Errorf("promoted, it answers %q, %v; it has had %d requests", promoted.Body, err, asked[2])
	}
	settled(t, g, "versions", 1)
	if r := g.Report().Endpoints[0].Versions; r[0].Role != gateway.Gone || r[1].Role != gateway.Current || r[1].Unloaded != 0 {
		t.Errorf("promoted: %+v", r)
	}
}

// Without the header the client's address decides, whatever its port.
func TestACanaryIsStickyByAddress(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only linux has all of 127.0.0.0/8")
	}
	library := buildC(t, versionInC)
	e := endpoint("versions", "/", patched(t, library, marker, "version-0001"))
	e.Canary = &gateway.Canary{Library: patched(t, library, marker, "version-0002"), Weight: 50, Header: "x-user"}
	_, address := start(t, gateway.Options{}, gateway.Snapshot{Endpoints: []gateway.Endpoint{e}})
	tried := 0
	const clients = 100
	for n := range clients {
		from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(n))}}
		first := 0
		for range 3 {
			conn, err := from.DialContext(t.Context(), "tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			c := rawclient.NewConn(conn)
			r, err := c.Do([]byte(plainGet))
			now := versionOf(t, r, err)
			_ = c.Close()
			if first == 0 {
				first = now
			}
			if now != first {
				t.Fatalf("client %d went from version %d to %d", n, first, now)
			}
		}
		tried += first - 1
	}
	if tried < 25 || tried > 75 { // five standard deviations
		t.Errorf("%d of %d clients try the canary", tried, clients)
	}
}

func TestCanariesThatCannotBeAreRefused(t *testing.T) {
	library := buildC(t, versionInC)
	other := patched(t, library, marker, "version-0001")
	g, address := start(t, gateway.Options{}, gateway.Snapshot{Endpoints: []gateway.Endpoint{endpoint("e", "/", library)}})
	for reason, change := range map[string]func(*gateway.Endpoint){
		"weight is 0 percent":   func(e *gateway.Endpoint) { e.Canary.Weight = 0 },
		"weight is 100 percent": func(e *gateway.Endpoint) { e.Canary.Weight = 100 },
		"weight is NaN":         func(e *gateway.Endpoint) { e.Canary.Weight = math.NaN() },
		"no library":            func(e *gateway.Endpoint) { e.Canary.Library = "" },
		"no version beside it":  func(e *gateway.Endpoint) { e.Library = "" },
		"not the name of one":   func(e *gateway.Endpoint) { e.Canary.Header = "x user" },
		"its canary: ":          func(e *gateway.Endpoint) { e.Canary.Library = other + ".missing" },
	} {
		e := endpoint("e", "/", patched(t, library, marker, "version-0002"))
		e.Canary = &gateway.Canary{Library: other, Weight: 50}
		change(&e)
		err := g.Apply(t.Context(), gateway.Snapshot{Endpoints: []gateway.Endpoint{e}})
		if err == nil || !strings.Contains(err.Error(), reason) || !strings.Contains(err.Error(), `endpoint "e"`) {
			t.Errorf("%s: %v", reason, err)
		}
		if r := get(t, address, "/"); string(r.Body) != marker {
			t.Errorf("%s: it answers %q now", reason, r.Body)
		}
	}
	settled(t, g, "e", 1) // what was loaded beside a canary that could not be
}

// A version that is its own canary is that version, once.
func TestACanaryOfTheSameVersionChangesNothing(t *testing.T) {
	library := buildC(t, versionInC)
	e := endpoint("e", "/", library)
	e.Canary = &gateway.Canary{Library: library, Weight: 50}
	g, address := start(t, gateway.Options{}, gateway.Snapshot{Endpoints: []gateway.Endpoint{e}})
	if r := get(t, address, "/"); string(r.Body) != marker {
		t.Errorf("%q", r.Body)
	}
	if v := g.Report().Endpoints[0].Versions; len(v) != 1 || v[0].Role != gateway.Current {
		t.Errorf("%+v", v)
	}
}

// A function of the program can have a library tried beside it.
func TestAFunctionCanHaveACanary(t *testing.T) {
	e := function("e", "/", func(*edge.Request) (*edge.Response, error) { return edge.Text(200, "version-0001"), nil })
	e.Canary = &gateway.Canary{Library: patched(t, buildC(t, versionInC), marker, "version-0002"), Weight: 50, Header: "x-user"}
	_, address := start(t, gateway.Options{}, gateway.Snapshot{Endpoints: []gateway.Endpoint{e}})
	c := connect(t, address)
	seen := map[int]int{}
	for user := range 100 {
		r, err := c.Do([]byte(as(user)))
		seen[versionOf(t, r, err)]++
	}
	if seen[1] < 25 || seen[2] < 25 {
		t.Errorf("%v", seen)
	}
}

// Users on 16 connections while canaries come, grow, are promoted and aborted,
// and the version beside them is swapped: no request is lost, and none is
// answered by a version that was neither deployed nor tried since it was written.
func TestSwapsAroundACanaryLoseNothing(t *testing.T) {
	const rounds = 8 // of so many versions, a report still has all
	library := buildC(t, versionInC)
	libraries := make([]string, 2*rounds+1)
	for n := range libraries {
		libraries[n] = patched(t, library, marker, fmt.Sprintf("version-%04d", n))
	}
	serve := func(current, candidate int, weight float64) gateway.Snapshot {
		e := endpoint("versions", "/", libraries[current])
		if weight > 0 {
			e.Canary = &gateway.Canary{Library: libraries[candidate], Weight: weight, Header: "x-user"}
		}
		return gateway.Snapshot{Endpoints: []gateway.Endpoint{e}}
	}
	g, address := start(t, gateway.Options{}, serve(0, 0, 0))

	var mu sync.Mutex
	steps := [][2]int{{0, 0}} // the versions that each step serves
	var done atomic.Int64     // last step whose Apply has returned
	apply := func(current, candidate int, weight float64) {
		t.Helper()
		mu.Lock()
		steps = append(steps, [2]int{current, candidate})
		mu.Unlock()
		if err := g.Apply(t.Context(), serve(current, candidate, weight)); err != nil {
			t.Error(err)
		}
		done.Add(1)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const conns = 16
	var asked [conns]atomic.Int64 // done, when the request under way was written
	var answers, tried atomic.Int64
	results := make([]*rawclient.Result, conns)
	var loads sync.WaitGroup
	for c := range conns {
		loads.Go(func() {
			load := rawclient.Load{Addr: address, Conns: 1,
				Request: func(_, i int) []byte {
					asked[c].Store(done.Load())
					return []byte(as(1000*c + i%50))
				},
				Check: func(r *rawclient.Response) error {
					n, err := strconv.Atoi(strings.TrimPrefix(string(r.Body), "version-"))
					if r.Status != 200 || err != nil {
						return fmt.Errorf("status %d: %q", r.Status, r.Body)
					}
					answers.Add(1)
					mu.Lock()
					defer mu.Unlock()
					since := steps[asked[c].Load():]
					for _, versions := range since {
						if n == versions[1] && n != versions[0] {
							tried.Add(1)
						}
						if n == versions[0] || n == versions[1] {
							return nil
						}
					}
					return fmt.Errorf("version %d answered a request since which %v were served", n, since)
				},
			}
			results[c] = load.Run(ctx)
		})
	}
	more := func() { // a few answers at each step
		for enough, patience := answers.Load()+5*conns, time.Now().Add(10*time.Second); answers.Load() < enough; time.Sleep(time.Millisecond) {
			if time.Now().After(patience) {
				t.Fatal("there are no answers")
			}
		}
	}
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		for tick := time.NewTicker(time.Millisecond); ctx.Err() == nil; <-tick.C {
			g.Report()
		}
	}()
	current := 0
	for n := 1; n <= rounds && !t.Failed(); n++ {
		candidate, next := n, rounds+n
		for _, weight := range []float64{10, 60, 90, 30, 60} {
			apply(current, candidate, weight)
			more()
		}
		apply(next, candidate, 60) // deployed beside it
		more()
		if n%2 == 0 {
			current = candidate // promoted
		} else {
			current = next // aborted
		}
		apply(current, current, 0)
	}
	cancel()
	loads.Wait()
	<-watched
	ok := uint64(0)
	for _, r := range results {
		ok += uint64(r.OK)
		if r.Failed > 0 || r.Refused > 0 {
			t.Error(r)
		}
	}
	t.Logf("%d answers, %d by a canary", answers.Load(), tried.Load())
	if tried.Load() == 0 {
		t.Error("no canary answered")
	}
	counted := uint64(0)
	for _, v := range g.Report().Endpoints[0].Versions {
		counted += v.Requests[200]
	}
	if counted != ok {
		t.Errorf("%d answers were counted, and %d were given", counted, ok)
	}
	if status := settled(t, g, "versions", 2*rounds); status.Unloaded != 2*rounds {
		t.Errorf("%+v", status)
	}
}
