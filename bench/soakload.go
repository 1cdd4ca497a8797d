package main

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// slot is one connection of the load, and the next one when that has ended.
type slot struct {
	number   int
	random   *rand.Rand
	wire     *wire
	accounts map[int]*[accountsEach]account // by endpoint
	account  *account                       // of the request under way, at a ledger
	counts   bool

	right   int
	answers map[string]int // of ledgers
	events  []event
}

// event is a request without a right answer, or a connection without a start.
type event struct {
	what                 string // "lost", "refused", "wrong", "outdated" or a status
	slot                 int
	endpoint             string
	dialed, begun, ended time.Time
	detail               string
}

// eventsMost ends a run that is past saving.
const eventsMost = 5000

// pulse tells how long no right answer came.
type pulse struct {
	last    atomic.Int64 // when the last one came, in nanoseconds since the run began
	longest atomic.Int64 // without one, since it was set to 0
}

func (p *pulse) beat(now time.Duration) {
	gap := int64(now) - p.last.Swap(int64(now))
	for {
		longest := p.longest.Load()
		if gap <= longest || p.longest.CompareAndSwap(longest, gap) {
			return
		}
	}
}

// offerLoad sends all requests, and more while the last rest goes on. It returns
// when each has its answer or is lost.
func (s *soak) offerLoad() {
	var all sync.WaitGroup
	for _, one := range s.slots {
		all.Go(func() {
			for s.failed.Load() < eventsMost && (s.sent.Load() < int64(s.o.requests) || !s.rested.Load()) {
				s.request(one)
				s.sent.Add(1)
			}
			if one.wire != nil {
				one.wire.close()
			}
		})
	}
	all.Wait()
}

func (s *soak) request(one *slot) {
	e := s.asked[one.random.IntN(len(s.asked))]
	if one.wire == nil {
		begun := time.Now()
		w, err := dialWire(s.gateway.address)
		if err != nil {
			s.failed.Add(1)
			one.events = append(one.events, event{"refused", one.number, "", begun, begun, time.Now(), err.Error()})
			return
		}
		one.wire = w
	}
	one.account, one.counts = nil, false
	request, want := e.ask(one, e)
	before := e.serves.Load()
	begun := time.Now()
	r, err := one.wire.do([]byte(request))
	ended := time.Now()
	what, detail := "", ""
	switch {
	case err != nil:
		what, detail = "lost", err.Error()
	case r.status != 200:
		what = fmt.Sprint(r.status)
		if r.status == 503 && !r.retryAfter {
			what += " without Retry-After"
		}
	default:
		version := uint64(0)
		if one.account != nil {
			version = one.settleLedger(r)
		} else {
			version = versionOf(r, want)
		}
		settled := before & 3
		switch {
		case version == 0:
			what, detail = "wrong", fmt.Sprintf("%s to %.100q, account %+v, wanted %q", r.body, request, one.account, want)
		case settled != 0 && version != settled && e.serves.Load() == before:
			what, detail = "outdated", fmt.Sprintf("version %d has answered, when version %d served", version, settled)
		}
	}
	if what == "" {
		one.right++
		s.pulse.beat(ended.Sub(s.began))
	} else {
		if one.account != nil && what != "outdated" {
			one.doubtLedger()
		}
		s.failed.Add(1)
		one.events = append(one.events, event{what, one.number, e.name, one.wire.dialed, begun, ended, detail})
	}
	if err != nil || r.last {
		one.wire.close()
		one.wire = nil
	}
}
