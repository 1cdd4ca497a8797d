package telemetry

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// world is a gateway whose workers are restarted and whose endpoints come, go
// and get new versions, with what has really been counted.
type world struct {
	random    *rand.Rand
	started   time.Time
	endpoints map[string]*worldEndpoint
	refused   map[int]uint64 // of the present worker
	done      uint64         // operations of a service, of the present worker

	requests map[string]uint64 // by endpoint; as long as it is there
	took     map[string]time.Duration
	unrouted uint64
	queries  uint64
	deployed int
}

type worldEndpoint struct {
	refused  map[int]uint64
	versions []gateway.VersionReport // the newest last
}

func newWorld(seed uint64) *world {
	return &world{
		random: rand.New(rand.NewPCG(seed, 1)), started: time.Unix(1, 0), endpoints: map[string]*worldEndpoint{}, refused: map[int]uint64{},
		requests: map[string]uint64{}, took: map[string]time.Duration{},
	}
}

// step has something happen. The next report is asked for before anything that
// the present one would not show.
func (w *world) step() (lossy bool) {
	name := fmt.Sprint("e", w.random.IntN(4))
	e := w.endpoints[name]
	switch n := w.random.IntN(100); {
	case n == 0: // restart
		return true
	case e == nil:
		w.endpoints[name] = &worldEndpoint{refused: map[int]uint64{}}
	case n < 3: // deleted
		return true
	case n < 25: // deployed, anew or again
		w.deployed++
		digest := fmt.Sprintf("%064x", w.random.IntN(40))
		for i := range e.versions {
			e.versions[i].Role = gateway.Gone
		}
		if i := slices.IndexFunc(e.versions, func(v gateway.VersionReport) bool { return v.Version == digest }); i >= 0 {
			e.versions[i].Role = gateway.Current
			break
		}
		if len(e.versions) > 20 {
			return true // the worker forgets one
		}
		e.versions = append(e.versions, gateway.VersionReport{Version: digest, Role: gateway.Current, Requests: map[int]uint64{}})
	case n < 30:
		e.refused[503]++
	case n < 35:
		w.refused[404]++
		w.unrouted++
	case n < 40:
		w.done++
		w.queries++
	case len(e.versions) > 0: // a request; of a version that is draining, now and then
		v := &e.versions[w.random.IntN(len(e.versions))]
		took := time.Duration(w.random.IntN(100)) * time.Millisecond
		bucket, _ := slices.BinarySearch(gateway.LatencyBounds[:], took.Seconds())
		v.Requests[[]int{200, 200, 404, 500}[w.random.IntN(4)]]++
		v.Latency.Buckets[bucket]++
		v.Latency.Sum += took
		w.requests[name]++
		w.took[name] += took
	}
	return false
}

// lose does what makes the present worker forget.
func (w *world) lose() (restarted bool) {
	if w.random.IntN(3) == 0 {
		w.started = w.started.Add(time.Minute)
		w.refused, w.done = map[int]uint64{}, 0
		for _, e := range w.endpoints { // it is told of the same endpoints
			e.refused = map[int]uint64{}
			e.versions = slices.DeleteFunc(e.versions, func(v gateway.VersionReport) bool { return v.Role == gateway.Gone })
			for i := range e.versions {
				e.versions[i] = gateway.VersionReport{Version: e.versions[i].Version, Role: gateway.Current, Requests: map[int]uint64{}}
			}
		}
		return true
	}
	for name, e := range w.endpoints {
		switch w.random.IntN(3) {
		case 0:
			delete(w.endpoints, name)
			w.requests[name], w.took[name] = 0, 0
		case 1:
			if len(e.versions) > 3 {
				e.versions = slices.Delete(e.versions, 0, 2)
			}
		}
	}
	return false
}

func (w *world) report() gateway.Report {
	r := gateway.Report{Started: w.started, Refused: maps.Clone(w.refused)}
	for _, name := range slices.Sorted(maps.Keys(w.endpoints)) {
		e := w.endpoints[name]
		one := gateway.EndpointReport{Name: name, Refused: maps.Clone(e.refused)}
		for _, v := range e.versions {
			v.Requests = maps.Clone(v.Requests)
			one.Versions = append(one.Versions, v)
		}
		r.Endpoints = append(r.Endpoints, one)
	}
	db := gateway.ServiceReport{}
	db.Name, db.Done = "db", w.done
	r.Services = []gateway.ServiceReport{db}
	return r
}

// empty is what a worker reports before it has been given anything.
func (w *world) empty() gateway.Report { return gateway.Report{Started: w.started} }

// Whatever workers do, every counter that stays listed grows, and all of them
// together are what has been counted.
func TestTotalsAreTheSumOverAllWorkers(t *testing.T) {
	for seed := range uint64(6) {
		w := newWorld(seed)
		var a Accumulator
		before := gateway.Report{}
		check := func(lost bool) {
			t.Helper()
			total := a.add(w.report())
			w.compare(t, total)
			if !lost {
				grown(t, before, total)
			}
			before = total
		}
		for range 2000 {
			if !w.step() {
				if w.random.IntN(5) == 0 {
					check(false)
				}
				continue
			}
			check(false)
			if w.lose() {
				grown(t, before, a.add(w.empty()))
				check(false)
				continue
			}
			check(true) // what was deleted need not grow
		}
		if w.deployed < 100 || w.unrouted == 0 || w.queries == 0 {
			t.Errorf("seed %d: next to nothing happened", seed)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func (w *world) compare(t *testing.T, total gateway.Report) {
	t.Helper()
	if !total.Started.Equal(time.Unix(1, 0)) || total.Refused[404] != w.unrouted {
		t.Fatalf("since %s %v; want %d", total.Started, total.Refused, w.unrouted)
	}
	if len(total.Endpoints) != len(w.endpoints) {
		t.Fatalf("%d endpoints of %d", len(total.Endpoints), len(w.endpoints))
	}
	for _, e := range total.Endpoints {
		var requests, latencies uint64
		var took time.Duration
		for _, v := range e.Versions {
			for _, n := range v.Requests {
				requests += n
			}
			latencies += v.Latency.Count()
			took += v.Latency.Sum
		}
		if want := w.requests[e.Name]; requests != want || latencies != want || took != w.took[e.Name] {
			t.Fatalf("%s: %d requests and %d latencies of %d; %s of %s", e.Name, requests, latencies, want, took, w.took[e.Name])
		}
		if len(e.Versions) > VersionsMost+1 {
			t.Fatalf("%s: %d versions", e.Name, len(e.Versions))
		}
	}
	for _, s := range total.Services {
		if s.Done != w.queries {
			t.Fatalf("%d operations of %d", s.Done, w.queries)
		}
	}
}

// grown fails unless every counter of before that is listed still is at least
// what it was.
func grown(t *testing.T, before, after gateway.Report) {
	t.Helper()
	endpoints := map[string]gateway.EndpointReport{}
	for _, e := range after.Endpoints {
		endpoints[e.Name] = e
	}
	for _, e := range before.Endpoints {
		now, is := endpoints[e.Name]
		if !is {
			t.Fatalf("%s is not there", e.Name)
		}
		least(t, e.Name, e.Refused, now.Refused)
		for _, v := range e.Versions {
			i := slices.IndexFunc(now.Versions, func(n gateway.VersionReport) bool { return n.Version == v.Version })
			if i < 0 {
				if v.Version == Other {
					t.Fatalf("%s has lost what others counted", e.Name)
				}
				continue // folded
			}
			least(t, e.Name+" "+v.Version, v.Requests, now.Versions[i].Requests)
			for bucket, n := range v.Latency.Buckets {
				if now.Versions[i].Latency.Buckets[bucket] < n {
					t.Fatalf("%s %s: a bucket shrank", e.Name, v.Version)
				}
			}
		}
	}
	least(t, "the gateway", before.Refused, after.Refused)
}

func least(t *testing.T, what string, before, after map[int]uint64) {
	t.Helper()
	for status, n := range before {
		if after[status] < n {
			t.Fatalf("%s: %d answers of %d became %d", what, n, status, after[status])
		}
	}
}

func TestGaugesAreThoseOfThePresentWorker(t *testing.T) {
	var a Accumulator
	first := gateway.Report{Started: time.Unix(1, 0), Process: gateway.ProcessReport{Threads: 7},
		Endpoints: []gateway.EndpointReport{{Name: "e", InFlight: 3, Versions: []gateway.VersionReport{
			{Version: "v", Role: gateway.Current, InFlight: 3, Retained: 1, Bytes: 10, Unloaded: 2, Requests: map[int]uint64{200: 5}},
		}}},
	}
	a.add(first)
	second := a.add(gateway.Report{Started: time.Unix(2, 0), Process: gateway.ProcessReport{Threads: 5}})
	e := second.Endpoints[0]
	v := e.Versions[0]
	if second.Process.Threads != 5 || e.InFlight+v.InFlight+v.Retained+v.Bytes != 0 || v.Role != gateway.Gone {
		t.Errorf("%+v", second)
	}
	if v.Unloaded != 2 || v.Requests[200] != 5 || !second.Started.Equal(first.Started) {
		t.Errorf("%+v", second)
	}
	if first.Endpoints[0].Versions[0].Requests[200] != 5 {
		t.Error("the report that was given in has changed")
	}
}

// One process of a version after the other counts its restarts from zero.
func TestRestartsOfIsolatedProcessesAddUp(t *testing.T) {
	var a Accumulator
	for _, test := range []struct {
		started, restarts int64 // restarts below 0: not isolated
		want              int64
	}{
		{1, 0, 0}, {1, 2, 2}, {1, -1, 0}, {1, 1, 3}, {2, 1, 4}, {2, 3, 6},
	} {
		v := gateway.VersionReport{Version: "v", Role: gateway.Current, Requests: map[int]uint64{200: 5}}
		if test.restarts >= 0 {
			v.Process = &gateway.IsolationReport{Pid: 1, Restarts: test.restarts}
		}
		got := a.add(gateway.Report{Started: time.Unix(test.started, 0), Endpoints: []gateway.EndpointReport{{Name: "e", Versions: []gateway.VersionReport{v}}}}).Endpoints[0].Versions[0]
		if (got.Process != nil) != (test.restarts >= 0) || got.Process != nil && got.Process.Restarts != test.want {
			t.Errorf("%+v: %+v", test, got.Process)
		}
		if want := uint64(5 * test.started); got.Requests[200] != want {
			t.Errorf("%+v: %d requests, want %d", test, got.Requests[200], want)
		}
		if v.Process != nil && v.Process.Restarts != test.restarts {
			t.Error("the report that was given in has changed")
		}
	}
}

// What is kept of a new worker's past goes once it serves without it.
func TestTotalsOfWhatIsGoneAreForgotten(t *testing.T) {
	var a Accumulator
	with := func(started int64, names ...string) gateway.Report {
		r := gateway.Report{Started: time.Unix(started, 0)}
		for _, name := range names {
			r.Endpoints = append(r.Endpoints, gateway.EndpointReport{Name: name, Refused: map[int]uint64{503: 1}})
			var s gateway.ServiceReport
			s.Name = name
			r.Services = append(r.Services, s)
		}
		return r
	}
	for _, test := range []struct {
		report gateway.Report
		want   string
	}{
		{with(1, "a", "b"), "a:1 b:1 "},
		{with(2), "a:1 b:1 "},
		{with(2, "b", "c"), "b:2 c:1 "},
		{with(2), ""},
		{with(3, "b"), "b:1 "},
	} {
		got := ""
		total := a.add(test.report)
		for _, e := range total.Endpoints {
			got += fmt.Sprintf("%s:%d ", e.Name, e.Refused[503])
		}
		if got != test.want || len(total.Services) != len(total.Endpoints) {
			t.Errorf("%s; want %s", got, test.want)
		}
	}
	if len(a.endpoints) != 1 || len(a.services) != 1 {
		t.Errorf("%d endpoints and %d services are remembered", len(a.endpoints), len(a.services))
	}
}

// growing is a worker that counts one more request whenever it is asked.
type growing struct {
	mu sync.Mutex
	n  uint64
}

func (g *growing) Report() gateway.Report {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.n++
	return gateway.Report{Refused: map[int]uint64{404: g.n}}
}

// Reports that are asked for at once are not taken for restarts.
func TestManyAskAtOnce(t *testing.T) {
	var a Accumulator
	w := &growing{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for last := uint64(0); last < 500; {
				n := a.Report(w).Refused[404]
				if n <= last {
					t.Errorf("%d after %d", n, last)
					return
				}
				last = n
			}
		})
	}
	all.Wait()
	if got := a.Report(w).Refused[404]; got != w.n {
		t.Errorf("%d of %d", got, w.n)
	}
}

// A worker that forgets a version, or makes an endpoint anew, counts from zero
// again without a restart.
func TestAVersionThatComesBackGoesOn(t *testing.T) {
	counting := func(n uint64) gateway.Report {
		e := gateway.EndpointReport{Name: "e"}
		if n > 0 {
			e.Versions = []gateway.VersionReport{{Version: "v", Role: gateway.Current, Requests: map[int]uint64{200: n}}}
		}
		return gateway.Report{Endpoints: []gateway.EndpointReport{e}}
	}
	for _, test := range []struct {
		name    string
		reports []uint64 // none stands for a version that is not there
		want    uint64
	}{
		{"growing", []uint64{1, 3, 3, 7}, 7},
		{"begun anew", []uint64{5, 2, 4}, 9},
		{"gone for a while", []uint64{5, 0, 8}, 13},
	} {
		var a Accumulator
		var total gateway.Report
		for _, n := range test.reports {
			total = a.add(counting(n))
		}
		if got := total.Endpoints[0].Versions[0].Requests[200]; got != test.want {
			t.Errorf("%s: %d, not %d", test.name, got, test.want)
		}
	}
}

// Of a worker that drains, what it counts until its end is added once, whenever
// its last report comes.
func TestWhatADrainingWorkerCountsIsAdded(t *testing.T) {
	report := func(started int64, requests, refused, unrouted uint64) gateway.Report {
		v := gateway.VersionReport{Version: "v", Role: gateway.Current, Requests: map[int]uint64{200: requests}}
		v.Latency.Buckets[0] = requests
		r := gateway.Report{Started: time.Unix(started, 0), Refused: map[int]uint64{404: unrouted}}
		r.Endpoints = []gateway.EndpointReport{{Name: "e", Refused: map[int]uint64{503: refused}, Versions: []gateway.VersionReport{v}}}
		return r
	}
	var a Accumulator
	want := func(r gateway.Report, requests, refused, unrouted uint64) {
		t.Helper()
		total := a.add(r)
		e := total.Endpoints[0]
		if e.Versions[0].Requests[200] != requests || e.Versions[0].Latency.Count() != requests || e.Refused[503] != refused || total.Refused[404] != unrouted {
			t.Errorf("%+v, want %d, %d, %d", total, requests, refused, unrouted)
		}
	}
	want(report(1, 10, 1, 2), 10, 1, 2)
	want(report(2, 5, 0, 0), 15, 1, 2) // another one serves
	a.Drained(report(1, 13, 2, 4))
	want(report(2, 6, 0, 0), 19, 2, 4)
	a.Drained(report(1, 13, 2, 4)) // once
	a.Drained(report(7, 100, 100, 100))
	want(report(2, 6, 0, 0), 19, 2, 4)
	a.Drained(report(2, 8, 0, 0)) // the next one is not asked before this
	want(report(3, 1, 0, 0), 22, 2, 4)
	for n := range int64(40) {
		a.add(report(10+n, 1, 0, 0))
	}
	if len(a.replaced) > drainingMost+1 {
		t.Errorf("%d workers are remembered", len(a.replaced))
	}
}
