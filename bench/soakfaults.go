package main

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// fault is one that was brought about.
type fault struct {
	kind       string
	costs      cost
	endpoint   string // that it may cost answers; "" for none
	begin, end time.Time
	gap        time.Duration // the longest time without a right answer to anybody
	err        error         // what was not as promised

	lost map[int]int    // requests without an answer, by connection
	told map[string]int // answers that were not right, by status
}

// cost is what a fault may cost the load.
type cost int

const (
	nothing         cost = iota
	aRequestEach         // of every connection at most the one under way
	itsOwnRequests       // 502 for those of the endpoint
	itsOwnForAWhile      // 503 for those of the endpoint
)

// The endpoints with faults, one of them in a process of its own.
const (
	faultyInWorker  = "faulty"
	faultyInProcess = "faulty-isolated"

	alive = "alive\n" // what they answer where no fault is asked for

	faultyTimeout = 2 * time.Second
	faultyMemory  = 64 << 20 // of the process
	faultySpin    = 3500 * time.Millisecond
)

// faulty is an endpoint with faults, which the load asks for nothing that is one.
func faulty(name, library string, isolated bool) *soaked {
	e := &soaked{name: name, route: "GET /" + name + "/{what}", libraries: [2]string{library}, isolated: isolated}
	e.flags = []string{"--timeout", faultyTimeout.String()}
	if isolated {
		e.flags = append(e.flags, "--process-memory", fmt.Sprint(faultyMemory))
	}
	e.ask = func(*slot, *soaked) (string, string) {
		return get("/" + name + "/none"), "text/plain; charset=utf-8\n" + alive
	}
	return e
}

// faultOnAndOn brings about one random fault after the other, with a pause
// between half and one and a half times the usual one.
func (s *soak) faultOnAndOn(random *rand.Rand) {
	kinds := s.kinds(random)
	// Each once, in any order, then again: a short run has some of all.
	for len(kinds) > 0 {
		random.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
		for _, one := range kinds {
			if !s.wait(s.o.every/2 + time.Duration(random.Int64N(int64(s.o.every)))) {
				return
			}
			s.change(one.run)
		}
	}
}

// during runs a fault and takes note of when it was, and of how long nobody was
// served.
func (s *soak) during(kind string, costs cost, endpoint string, do func() error) *fault {
	f := &fault{kind: kind, costs: costs, endpoint: endpoint, lost: map[int]int{}, told: map[string]int{}}
	s.calm = max(s.calm, time.Duration(s.pulse.longest.Swap(0)))
	f.begin = time.Now()
	f.err = do()
	f.end = time.Now()
	f.gap = time.Duration(s.pulse.longest.Swap(0))
	if s.wait(0) { // else it is only that nobody asks any more
		f.gap = max(f.gap, f.end.Sub(s.began)-time.Duration(s.pulse.last.Load()))
	}
	s.faults = append(s.faults, f)
	s.say("%s: %v, gap %v, %v", kind, f.end.Sub(f.begin).Round(time.Millisecond), f.gap.Round(time.Millisecond), f.err)
	return f
}

// backWithin is when everything is to be as before, long after what is promised.
const backWithin = 20 * time.Second

// backAgain waits until a request is answered with 200.
func (s *soak) backAgain(request string) error {
	var last error
	for deadline := time.Now().Add(backWithin); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		w, err := dialWire(s.gateway.address)
		if err != nil {
			return err
		}
		r, err := w.do([]byte(request))
		w.close()
		if err == nil && r.status == 200 {
			return nil
		}
		last = fmt.Errorf("%.40q is answered %d %q (%v)", request, r.status, r.body, err)
	}
	return fmt.Errorf("not back within %v: %w", backWithin, last)
}
