package main

import (
	"slices"
	"time"
)

// judgement sorts what went wrong by what may.
type judgement struct {
	allowed   int // of a fault's costs
	forbidden []event
}

// late is how much later than a fault a connection may find out that it is
// closed: when its goroutine comes to run.
const late = time.Second

// judge finds for each event the fault that it belongs to, and whether that may
// cost it. Faults do not overlap, but for late.
func judge(events []event, faults []*fault) (j judgement) {
	events = slices.Clone(events)
	slices.SortFunc(events, func(a, b event) int { return a.ended.Compare(b.ended) })
	for _, e := range events {
		if f := slices.IndexFunc(faults, func(f *fault) bool { return f.excuses(e) }); f >= 0 {
			if e.what == "lost" {
				faults[f].lost[e.slot]++
			} else {
				faults[f].told[e.what]++
			}
			j.allowed++
			continue
		}
		j.forbidden = append(j.forbidden, e)
	}
	return j
}

// excuses tells whether a fault may have cost what it did not cost yet.
func (f *fault) excuses(e event) bool {
	if e.ended.Before(f.begin) || e.begun.After(f.end.Add(late)) {
		return false
	}
	switch f.costs {
	case aRequestEach:
		return e.what == "lost" && e.dialed.Before(f.end) && f.lost[e.slot] == 0
	case itsOwnRequests:
		return e.what == "502" && e.endpoint == f.endpoint
	case itsOwnForAWhile:
		return e.what == "503" && e.endpoint == f.endpoint
	}
	return false
}

// excused tells whether a swap may have been refused for the sake of a fault.
func (r refusal) excused(faults []*fault) bool {
	return slices.ContainsFunc(faults, func(f *fault) bool {
		return f.costs == aRequestEach && !r.ended.Before(f.begin) && !r.begun.After(f.end.Add(late))
	})
}
