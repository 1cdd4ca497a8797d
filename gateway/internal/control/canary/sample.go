package canary

import (
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Sample is what a version did in some span of time.
type Sample struct {
	Requests uint64
	Errors   uint64 // answers of 500 and above; a request that ran out of time is a 504
	Latency  gateway.Histogram
}

// Between is what a version did from one report of it to a later one. A counter
// that went back was started anew meanwhile, and counts from zero.
func Between(before, after gateway.VersionReport) Sample {
	var s Sample
	for status, n := range after.Requests {
		grown := growth(before.Requests[status], n)
		s.Requests += grown
		if status >= 500 {
			s.Errors += grown
		}
	}
	for n := range s.Latency.Buckets {
		s.Latency.Buckets[n] = growth(before.Latency.Buckets[n], after.Latency.Buckets[n])
	}
	if s.Latency.Sum = after.Latency.Sum; after.Latency.Sum >= before.Latency.Sum {
		s.Latency.Sum -= before.Latency.Sum
	}
	return s
}

func growth(before, after uint64) uint64 {
	if after < before {
		return after
	}
	return after - before
}

// Side is the sample as the API shows it.
func (s Sample) Side() model.CanarySide {
	return model.CanarySide{Requests: int64(s.Requests), Errors: int64(s.Errors), P95: 1000 * Percentile(s.Latency, .95)}
}

// Percentile is the latency, in seconds, that the share q of what h counted does
// not exceed: 0 if it is empty. Inside a bucket durations are taken to be spread
// evenly; one over all bounds counts as the last of them.
func Percentile(h gateway.Histogram, q float64) float64 {
	rank := q * float64(total(h))
	below := 0.0
	for n, in := range h.Buckets {
		if in == 0 {
			continue
		}
		if below+float64(in) >= rank {
			low, high := bounds(n)
			return low + (high-low)*(rank-below)/float64(in)
		}
		below += float64(in)
	}
	return 0
}

// over is how many of what h counted took longer than bound, by the same
// reckoning as Percentile.
func over(h gateway.Histogram, bound float64) uint64 {
	sum := 0.0
	for n, in := range h.Buckets {
		low, high := bounds(n)
		switch {
		case low >= bound:
			sum += float64(in)
		case high > bound:
			sum += float64(in) * (high - bound) / (high - low)
		}
	}
	return uint64(sum)
}

// bounds are between which durations bucket n counts.
func bounds(n int) (low, high float64) {
	last := len(gateway.LatencyBounds) - 1
	if n > 0 {
		low = gateway.LatencyBounds[n-1]
	}
	return low, gateway.LatencyBounds[min(n, last)]
}

func total(h gateway.Histogram) uint64 {
	var sum uint64
	for _, in := range h.Buckets {
		sum += in
	}
	return sum
}
