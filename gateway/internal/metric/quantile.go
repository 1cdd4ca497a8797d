package metric

import "time"

// Sub is what h has counted since it was earlier. One that has begun anew in
// between has counted all of h since.
func (h Histogram) Sub(earlier Histogram) Histogram {
	since := h
	for i, bucket := range earlier.Buckets {
		if bucket > h.Buckets[i] {
			return h
		}
		since.Buckets[i] -= bucket
	}
	since.Sum = max(0, h.Sum-earlier.Sum)
	return since
}

// Quantile estimates the duration that a share q of all durations do not
// exceed: 0.95 for the 95th percentile. Within a bucket durations are taken to
// be spread evenly; what is above all bounds counts as the highest of them. It
// is zero where nothing was counted.
func (h Histogram) Quantile(q float64) time.Duration {
	rank := min(max(q, 0), 1) * float64(h.Count())
	if rank == 0 {
		return h.least()
	}
	var below, lower float64 // durations in the buckets before, and where those end
	for i, upper := range Bounds {
		n := float64(h.Buckets[i])
		if below+n >= rank {
			return seconds(lower + (upper-lower)*(rank-below)/n)
		}
		below, lower = below+n, upper
	}
	return seconds(lower)
}

// least is where the first bucket with a duration begins.
func (h Histogram) least() time.Duration {
	var lower float64
	for i, upper := range Bounds {
		if h.Buckets[i] > 0 {
			return seconds(lower)
		}
		lower = upper
	}
	if h.Buckets[len(Bounds)] == 0 {
		return 0
	}
	return seconds(lower)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
