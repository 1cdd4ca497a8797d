package registry

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
)

// key is a client with one key.
type key []byte

func (k key) Key(string) []byte { return k }

// keys are those of many clients, of a kind that could fool a weak hash: each
// differs from the next by little.
var keys = []struct {
	name string
	of   func(n int) string
}{
	{"IPv4", func(n int) string { return fmt.Sprintf("10.1.%d.%d", n/256, n%256) }},
	{"IPv6", func(n int) string { return fmt.Sprintf("[2001:db8::%x]", n) }},
	{"numbers", func(n int) string { return fmt.Sprint(n) }},
	{"one letter more", func(n int) string { return fmt.Sprintf("session-%032x", n) }},
}

func splitOf(candidate string, weight float64) *Split {
	s := &Split{Candidate: &Instance{Version: &Version{Digest: candidate}}, Weight: weight}
	s.prepare()
	return s
}

// The share is that of a fair draw: of n clients n·p, by five standard
// deviations at most.
func TestTheCandidateGetsItsShareOfAllKindsOfClients(t *testing.T) {
	const clients = 20_000
	for _, kind := range keys {
		for _, weight := range []float64{0.5, 5, 50, 95} {
			s := splitOf("candidate", weight)
			got := 0
			for n := range clients {
				if s.tries([]byte(kind.of(n))) {
					got++
				}
			}
			p := weight / 100
			want, margin := clients*p, 5*math.Sqrt(clients*p*(1-p))
			if math.Abs(float64(got)-want) > margin {
				t.Errorf("%s: %v percent of %d clients are %d, want %.0f±%.0f", kind.name, weight, clients, got, want, margin)
			}
		}
	}
}

func TestAHigherWeightMovesClientsToTheCandidateOnly(t *testing.T) {
	weights := []float64{math.SmallestNonzeroFloat64, 0.01, 1, 5, 10, 33.3, 50, 75, 99.9, math.Nextafter(100, 0)}
	for _, kind := range keys {
		for n := range 2000 {
			tried := false
			for _, weight := range weights {
				now := splitOf("candidate", weight).tries([]byte(kind.of(n)))
				if tried && !now {
					t.Fatalf("%s: client %d was taken away from the candidate at %v percent", kind.name, n, weight)
				}
				tried = now
			}
			if !tried {
				t.Fatalf("%s: client %d does not try a candidate with all but all of the requests", kind.name, n)
			}
		}
	}
}

func TestEachCandidateIsTriedOnOtherClients(t *testing.T) {
	const clients = 10_000
	a, b := splitOf("one", 10), splitOf("another", 10)
	both := 0
	for n := range clients {
		k := []byte(keys[0].of(n))
		if a.tries(k) && b.tries(k) {
			both++
		}
	}
	if both < 50 || both > 150 { // independent: 100, standard deviation 10
		t.Errorf("%d of %d clients try both", both, clients)
	}
}

func TestTellingClientsApartAllocatesNothing(t *testing.T) {
	e := testEndpoint()
	e.Swap(Split{Current: e.NewInstance(&module{}, "a", "a", 1), Candidate: e.NewInstance(&module{}, "b", "b", 1), Weight: 50})
	client := Client(key("10.1.2.3"))
	if n := testing.AllocsPerRun(1000, func() { e.Acquire(client).Release() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	e.Swap(Split{})
	e.Retired()
}

// Requests of many clients while everything happens to the split that can: none
// is left without an instance, none enters one that was taken out of the split
// before the request began, and each instance is ended once, after the last.
func TestRequestsNeverEnterWhatTheSplitHasLeft(t *testing.T) {
	e := testEndpoint()
	type side struct {
		*Instance
		module *module
		leftAt atomic.Int64 // step that took it out; 0 while it is part of the split
	}
	var made []*side
	var byInstance sync.Map
	load := func() *side {
		m := &module{}
		digest := fmt.Sprint(len(made))
		s := &side{Instance: e.NewInstance(m, digest, digest, 1), module: m}
		made = append(made, s)
		byInstance.Store(s.Instance, s)
		return s
	}
	var done atomic.Int64 // last step whose Swap has returned
	step := int64(0)
	var inForce []*side
	swap := func(weight float64, sides ...*side) {
		step++
		next := Split{Current: sides[0].Instance, Weight: weight}
		if len(sides) > 1 {
			next.Candidate = sides[1].Instance
		}
		for _, s := range sides {
			s.leftAt.Store(0)
		}
		e.Swap(next)
		for _, old := range inForce {
			if old.Instance != next.Current && old.Instance != next.Candidate {
				old.leftAt.Store(step)
			}
		}
		inForce = sides
		done.Store(step)
	}
	current := load()
	swap(0, current)

	stop := make(chan struct{})
	var requests sync.WaitGroup
	var tried atomic.Int64
	for c := range 8 {
		requests.Go(func() {
			client := Client(key(fmt.Sprint("client ", c)))
			for {
				select {
				case <-stop:
					return
				default:
				}
				before := done.Load()
				i := e.Acquire(client)
				if i == nil {
					t.Error("there was no instance")
					return
				}
				found, _ := byInstance.Load(i)
				s := found.(*side)
				if left := s.leftAt.Load(); left != 0 && left <= before {
					t.Errorf("a request that began after step %d entered an instance that left at step %d", before, left)
				}
				if i == e.Split().Candidate {
					tried.Add(1)
				}
				i.Module.Enter(nil)
				i.Release()
			}
		})
	}
	for n := 0; n < 300 || tried.Load() == 0; n++ { // the requests may not have had their turn yet
		candidate := load()
		for _, weight := range []float64{1, 30, 60} {
			swap(weight, current, candidate)
		}
		next := load() // deployed under the canary
		swap(60, next, candidate)
		if e.TakeBack(current.Identity) == nil { // and rolled back
			current = load()
		}
		swap(30, current, candidate)
		if step%2 == 0 {
			swap(0, candidate) // promoted
			current = candidate
		} else {
			swap(0, current) // aborted
		}
	}
	close(stop)
	requests.Wait()
	e.Swap(Split{})
	e.Retired()
	for n, s := range made {
		if s.module.ended.Load() != 1 || s.module.after.Load() != 0 {
			t.Fatalf("instance %d was ended %d times and entered %d times after that", n, s.module.ended.Load(), s.module.after.Load())
		}
	}
	if tried.Load() == 0 {
		t.Error("no request tried a candidate")
	}
}
