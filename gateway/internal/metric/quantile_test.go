package metric

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// counting is a histogram of some durations.
func counting(durations ...time.Duration) (h Histogram) {
	for _, d := range durations {
		i, _ := slices.BinarySearch(Bounds[:], d.Seconds())
		h.Buckets[i]++
		h.Sum += d
	}
	return h
}

func TestAQuantileIsInterpolatedWithinItsBucket(t *testing.T) {
	ms := time.Millisecond
	for _, test := range []struct {
		name string
		h    Histogram
		q    float64
		want time.Duration
	}{
		{"nothing", Histogram{}, .95, 0},
		{"nothing, least", Histogram{}, 0, 0},
		{"one, half way through its bucket", counting(3 * ms), .5, 3750 * time.Microsecond},
		{"one, its bucket's end", counting(3 * ms), 1, 5 * ms},
		{"one, its bucket's beginning", counting(3 * ms), 0, 2500 * time.Microsecond},
		{"at a border between buckets", counting(3*ms, 7*ms), .5, 5 * ms},
		{"past empty buckets", counting(3*ms, 700*ms), 1, time.Second},
		{"above all bounds", counting(time.Minute), .5, 30 * time.Second},
		{"above all bounds, least", counting(time.Minute), 0, 30 * time.Second},
		{"more than all", counting(3 * ms), 7, 5 * ms},
		{"less than none", counting(3 * ms), -1, 2500 * time.Microsecond},
	} {
		if got := test.h.Quantile(test.q); got.Round(time.Microsecond) != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// An estimate is never outside the bucket that has the true quantile, and never
// falls as the share grows.
func TestAQuantileIsInTheBucketOfTheTrueOne(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		durations := make([]time.Duration, 1+random.IntN(300))
		for i := range durations {
			durations[i] = time.Duration(random.ExpFloat64() * float64(50*time.Millisecond))
		}
		h := counting(durations...)
		slices.Sort(durations)
		if h.Count() != uint64(len(durations)) {
			t.Fatalf("%d of %d", h.Count(), len(durations))
		}
		previous := time.Duration(0)
		for _, q := range []float64{.01, .5, .9, .95, .99, 1} {
			rank := q * float64(len(durations))
			index := int(rank)
			if float64(index) == rank {
				index--
			}
			bucket, _ := slices.BinarySearch(Bounds[:], durations[index].Seconds())
			lower, upper := time.Duration(0), seconds(Bounds[min(bucket, len(Bounds)-1)])
			if bucket > 0 {
				lower = seconds(Bounds[bucket-1])
			}
			got := h.Quantile(q)
			if got < lower || got > upper || got < previous {
				t.Fatalf("quantile %g of %d durations is %s; the true one is %s, the one before %s", q, len(durations), got, durations[index], previous)
			}
			previous = got
		}
	}
}

func TestAHistogramTellsWhatCameSince(t *testing.T) {
	earlier := counting(time.Millisecond, 2*time.Second)
	since := counting(2*time.Second, time.Minute)
	later := earlier.Add(since)
	if got := later.Sub(earlier); got != since {
		t.Errorf("%+v, want %+v", got, since)
	}
	if got := since.Sub(earlier); got != since {
		t.Errorf("of one begun anew %+v, want all of it", got)
	}
}
