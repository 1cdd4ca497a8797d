package telemetry

import (
	"maps"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// counters are what only grows about one thing: an endpoint, a version, a
// service. It has those that it has; the others stay zero. It is a value: no
// method changes its map.
type counters struct {
	statuses map[int]uint64
	latency  gateway.Histogram
	plain    plain
}

// plain are counters without a structure.
type plain struct{ unloaded, done, errors, overloaded, deadlines, panics, restarts uint64 }

// each pairs the counters of two.
func (p *plain) each(o *plain, f func(mine *uint64, other uint64)) {
	f(&p.unloaded, o.unloaded)
	f(&p.done, o.done)
	f(&p.errors, o.errors)
	f(&p.overloaded, o.overloaded)
	f(&p.deadlines, o.deadlines)
	f(&p.panics, o.panics)
	f(&p.restarts, o.restarts)
}

// plus is what both count together.
func (c counters) plus(o counters) counters {
	sum := counters{statuses: maps.Clone(c.statuses), latency: c.latency.Add(o.latency), plain: c.plain}
	for status, n := range o.statuses {
		if sum.statuses == nil {
			sum.statuses = map[int]uint64{}
		}
		sum.statuses[status] += n
	}
	sum.plain.each(&o.plain, func(mine *uint64, other uint64) { *mine += other })
	return sum
}

// since is what c has counted more than earlier, of the same worker. If one of
// the counters is lower than it was, they have all begun anew in between.
func (c counters) since(earlier counters) counters {
	if c.anew(earlier) {
		return c
	}
	d := counters{statuses: maps.Clone(c.statuses), latency: c.latency.Sub(earlier.latency), plain: c.plain}
	for status, n := range earlier.statuses {
		if n > 0 {
			d.statuses[status] -= n
		}
	}
	d.plain.each(&earlier.plain, func(mine *uint64, other uint64) { *mine -= other })
	return d
}

func (c counters) anew(earlier counters) bool {
	for status, n := range earlier.statuses {
		if c.statuses[status] < n {
			return true
		}
	}
	for i, n := range earlier.latency.Buckets {
		if c.latency.Buckets[i] < n {
			return true
		}
	}
	lower := false
	c.plain.each(&earlier.plain, func(mine *uint64, other uint64) { lower = lower || *mine < other })
	return lower
}

// series are counters over one worker after another.
type series struct {
	total counters
	last  counters // as the present worker reported them last
}

// follow adds what came since the last report.
func (s *series) follow(now counters) {
	s.total, s.last = s.total.plus(now.since(s.last)), now
}

// late adds what a worker has counted since it was replaced.
func (s *series) late(last, before counters) { s.total = s.total.plus(last.since(before)) }

// restart makes the next report that of another worker.
func (s *series) restart() { s.last = counters{} }
