package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// soakOptions are those of a soak.
type soakOptions struct {
	requests, conns int // requests: at least
	seed            uint64
	isolated        int           // endpoints in processes of their own
	every           time.Duration // between faults, on average
	fault           string        // part of the names of the kinds that there are to be
	loud            bool
}

// soak is a long run of the whole gateway under load, while handlers are swapped
// and things go wrong at random.
type soak struct {
	f       *fleet
	o       soakOptions
	gateway *server
	data    string
	began   time.Time

	endpoints []*soaked // the twenty
	asked     []*soaked // those, and the ones with faults
	slots     []*slot
	sent      atomic.Int64
	rested    atomic.Bool
	failed    atomic.Int64
	pulse     pulse
	over      chan struct{} // closed when the load has ended

	// changes is held for reading by each swap and each fault, and for writing
	// while there are to be none.
	changes sync.RWMutex
	swaps   swaps

	// Of the goroutine that brings about faults, or who keeps it from doing so.
	faults []*fault
	blames map[string][]time.Time // by endpoint, since it was last in quarantine
	calm   time.Duration          // the longest time without a right answer outside of faults

	workers workerLog
	samples []footprint
	part    atomic.Int32
}

// runSoak runs one, and tells what became of it. An error says that something
// was not as promised.
func runSoak(out io.Writer, f *fleet, o soakOptions) error {
	if o.seed == 0 {
		o.seed = uint64(time.Now().UnixNano())
	}
	s := &soak{f: f, o: o, endpoints: soakedEndpoints(), over: make(chan struct{}), blames: map[string][]time.Time{}, began: time.Now()}
	fmt.Fprintf(out, "seed %d\n", o.seed)
	if o.isolated > len(s.endpoints) {
		return fmt.Errorf("only %d endpoints can be isolated", len(s.endpoints))
	}
	for i := range o.isolated { // spread over the languages
		s.endpoints[i*len(s.endpoints)/o.isolated].isolated = true
	}
	if err := s.prepare(); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d endpoints are deployed, %d of them isolated; %d requests over %d connections begin\n", len(s.endpoints), o.isolated, o.requests, o.conns)
	failed := s.run()
	return errors.Join(failed, s.report(out))
}

func (s *soak) prepare() error {
	if err := s.buildVersions(); err != nil {
		return err
	}
	library, err := s.compile(filepath.Join(s.f.root, "bench/handlers/faults"), filepath.Join(s.f.dir, "faults.so"))
	if err != nil {
		return err
	}
	s.asked = append(s.asked, s.endpoints...)
	s.asked = append(s.asked, faulty(faultyInWorker, library, false))
	if s.o.isolated > 0 {
		s.asked = append(s.asked, faulty(faultyInProcess, library, true))
	}
	if err := s.start(); err != nil {
		return err
	}
	for n := range s.o.conns {
		s.slots = append(s.slots, &slot{number: n, random: s.random(uint64(n)), accounts: newAccounts(s.endpoints), answers: map[string]int{}})
	}
	w, err := dialWire(s.gateway.address)
	if err != nil {
		return err
	}
	defer w.close()
	r, err := w.do([]byte(post("/c-ledger/the-first-makes-the-table", "")))
	if err == nil && r.status != 200 {
		err = fmt.Errorf("the ledger answers %d %q", r.status, r.body)
	}
	return err
}

// random is a source of chance of its own for each who needs one.
func (s *soak) random(who uint64) *rand.Rand { return rand.New(rand.NewPCG(s.o.seed, who)) }

// run offers the load, with all that goes on beside it.
func (s *soak) run() error {
	s.began = time.Now()
	var beside sync.WaitGroup
	var swapped error
	beside.Go(func() { swapped = s.swapOnAndOn(s.random(1000)) })
	beside.Go(func() { s.faultOnAndOn(s.random(1001)) })
	beside.Go(s.sampleOnAndOn)
	beside.Go(s.restTwice)
	s.offerLoad()
	close(s.over)
	beside.Wait()
	return swapped
}

// change makes a change when changes are welcome, unless the load has ended.
func (s *soak) change(do func()) {
	s.changes.RLock()
	defer s.changes.RUnlock()
	if s.wait(0) {
		do()
	}
}

// wait waits, and tells whether the load goes on.
func (s *soak) wait(d time.Duration) bool {
	select {
	case <-s.over:
		return false
	default:
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.over:
		return false
	}
}

func (s *soak) say(format string, args ...any) {
	if s.o.loud {
		fmt.Printf("%6.1f s  %s\n", time.Since(s.began).Seconds(), fmt.Sprintf(format, args...))
	}
}
