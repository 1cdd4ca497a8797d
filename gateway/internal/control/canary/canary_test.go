package canary_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/canary"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// took is a histogram of n requests of about d.
func took(n uint64, d time.Duration) (h gateway.Histogram) {
	h.Buckets[bucket(d)] = n
	return h
}

func bucket(d time.Duration) int {
	for n, bound := range gateway.LatencyBounds {
		if d.Seconds() <= bound {
			return n
		}
	}
	return len(gateway.LatencyBounds)
}

func plus(a, b gateway.Histogram) gateway.Histogram {
	for n := range a.Buckets {
		a.Buckets[n] += b.Buckets[n]
	}
	return a
}

func sample(requests, errors uint64, d time.Duration) canary.Sample {
	return canary.Sample{Requests: requests, Errors: errors, Latency: took(requests, d)}
}

const ms = time.Millisecond

func TestDecide(t *testing.T) {
	slowTail := func(n, slow uint64) canary.Sample {
		return canary.Sample{Requests: n, Latency: plus(took(n-slow, 4*ms), took(slow, 90*ms))}
	}
	for _, test := range []struct {
		name               string
		rule               model.CanaryRule
		current, candidate canary.Sample
		since              time.Duration
		verdict            canary.Verdict
		reason             string
	}{
		{"too few of the candidate", model.CanaryRule{}, sample(5000, 0, ms), sample(99, 99, ms), time.Hour, canary.Wait,
			"waiting: the candidate has had 99 requests and the current version 5,000; each needs 100"},
		{"too few of the current", model.CanaryRule{}, sample(99, 0, ms), sample(5000, 5000, ms), time.Hour, canary.Wait,
			"waiting: the candidate has had 5,000 requests and the current version 99; each needs 100"},
		{"a rule that asks for fewer", model.CanaryRule{MinRequests: 3}, sample(50, 0, ms), sample(50, 50, ms), time.Hour, canary.Wait, "each needs 100"},
		{"a rule that asks for more", model.CanaryRule{MinRequests: 1000}, sample(999, 0, ms), sample(5000, 5000, ms), time.Hour, canary.Wait, "each needs 1,000"},
		{"errors", model.CanaryRule{}, sample(2300, 2, ms), sample(120, 7, ms), time.Second, canary.Abort,
			"aborted: 7 of 120 requests (5.8 %) answered 5xx against 2 of 2,300 requests (0.1 %), allowed is 1.0 points more"},
		{"errors that may be chance", model.CanaryRule{}, sample(100, 1, ms), sample(100, 3, ms), time.Hour, canary.Wait,
			"waiting: 3 of 100 requests (3.0 %) answered 5xx against 1 of 100 requests (1.0 %), allowed is 1.0 points more; this may still be chance"},
		{"errors within the margin", model.CanaryRule{ErrorMargin: 5}, sample(2300, 2, ms), sample(1200, 40, ms), time.Hour, canary.Promote, "40 of 1,200 requests (3.3 %)"},
		{"both fail alike", model.CanaryRule{}, sample(1000, 500, ms), sample(1000, 505, ms), time.Hour, canary.Promote, "505 of 1,000 requests (50.5 %)"},
		{"all of both fail", model.CanaryRule{}, sample(1000, 1000, ms), sample(1000, 1000, ms), time.Hour, canary.Promote, "100.0 %"},
		{"slow", model.CanaryRule{}, sample(2300, 2, 4*ms), sample(120, 0, 90*ms), time.Second, canary.Abort,
			"aborted: the 95th percentile of latency is 97.5 ms over 120 requests against 4.9 ms over 2,300, allowed is 1.5 times that"},
		{"slow, which may be chance", model.CanaryRule{}, slowTail(100, 3), slowTail(100, 6), time.Hour, canary.Wait, "may still be chance"},
		{"a slow tail that is none", model.CanaryRule{}, slowTail(10000, 300), slowTail(10000, 600), time.Second, canary.Abort, "aborted: the 95th percentile"},
		{"slow, but allowed", model.CanaryRule{LatencyFactor: 30}, sample(2300, 2, 4*ms), sample(120, 0, 90*ms), time.Hour, canary.Promote, "allowed is 30.0 times that"},
		{"good, but not for long", model.CanaryRule{}, sample(2300, 2, ms), sample(120, 0, ms), 59 * time.Second, canary.Wait, "waiting: good for 59s of 1m0s; 0 of 120 requests (0.0 %)"},
		{"good", model.CanaryRule{}, sample(2300, 2, ms), sample(520, 1, ms), time.Minute, canary.Promote,
			"promoted: good for 1m0s; 1 of 520 requests (0.2 %) answered 5xx against 2 of 2,300 requests (0.1 %), allowed is 1.0 points more; " +
				"the 95th percentile of latency is 1.0 ms over 520 requests against 1.0 ms over 2,300, allowed is 1.5 times that"},
		{"good for as long as the rule says", model.CanaryRule{PromoteAfter: model.Duration(time.Hour)}, sample(2300, 2, ms), sample(520, 1, ms), time.Minute, canary.Wait, "of 1h0m0s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			verdict, reason := canary.Decide(test.rule, test.current, test.candidate, test.since)
			if verdict != test.verdict || !strings.Contains(reason, test.reason) {
				t.Errorf("%s: %s\nwant %s: %s", verdict, reason, test.verdict, test.reason)
			}
		})
	}
}

// For whatever numbers: no decision before 100 requests of each, and the reason
// has the figures.
func TestEveryReasonHasTheFiguresAndNoneDecidesEarly(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	any := func() canary.Sample {
		var s canary.Sample
		for range random.IntN(4) {
			h := took(random.Uint64N(1<<random.IntN(12)), time.Duration(random.Int64N(int64(time.Minute))))
			s.Latency = plus(s.Latency, h)
		}
		for _, in := range s.Latency.Buckets {
			s.Requests += in
		}
		s.Errors = random.Uint64N(s.Requests + 1)
		return s
	}
	seen := map[canary.Verdict]int{}
	for range 20_000 {
		rule := model.CanaryRule{
			MinRequests: random.Int64N(300) - 50, ErrorMargin: random.Float64()*20 - 1,
			LatencyFactor: random.Float64() * 5, PromoteAfter: model.Duration(random.Int64N(int64(time.Minute))),
		}
		current, candidate := any(), any()
		verdict, reason := canary.Decide(rule, current, candidate, time.Duration(random.Int64N(int64(time.Hour))))
		seen[verdict]++
		least := max(100, rule.MinRequests)
		if verdict != canary.Wait && (int64(current.Requests) < least || int64(candidate.Requests) < least) {
			t.Fatalf("%s with %d and %d requests: %s", verdict, current.Requests, candidate.Requests, reason)
		}
		plain := strings.ReplaceAll(reason, ",", "")
		for _, figure := range []uint64{current.Requests, candidate.Requests} {
			if !strings.Contains(plain, fmt.Sprint(figure)) {
				t.Fatalf("%d requests, and the reason is %q", figure, reason)
			}
		}
	}
	for _, verdict := range []canary.Verdict{canary.Wait, canary.Promote, canary.Abort} {
		if seen[verdict] < 100 {
			t.Errorf("only %d of the cases were %s", seen[verdict], verdict)
		}
	}
}

// A candidate that is as good as the current version, asked about after every 20
// of its requests, is hardly ever aborted, and one that is worse always is.
func TestACandidateIsJudgedByWhatItIs(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	one := func(s *canary.Sample, errors float64, slower float64) {
		s.Requests++
		if random.Float64() < errors {
			s.Errors++
		}
		s.Latency.Buckets[bucket(time.Duration(slower*random.ExpFloat64()*float64(3*ms)))]++
	}
	aborted := func(errors, slower float64) (share float64) {
		const canaries = 300
		for range canaries {
			var current, candidate canary.Sample
			for n := range 2_000 {
				one(&candidate, errors, slower)
				for range 9 {
					one(&current, .01, 1)
				}
				if n%20 != 0 {
					continue
				}
				if verdict, _ := canary.Decide(model.CanaryRule{}, current, candidate, 0); verdict == canary.Abort {
					share += 1. / canaries
					break
				}
			}
		}
		return share
	}
	if share := aborted(.01, 1); share > .05 {
		t.Errorf("of candidates that are as good %.1f %% are aborted", 100*share)
	}
	if share := aborted(.05, 1); share < .99 {
		t.Errorf("of candidates with 5 %% of errors only %.0f %% are aborted", 100*share)
	}
	if share := aborted(.01, 3); share < .99 {
		t.Errorf("of candidates that take three times as long only %.0f %% are aborted", 100*share)
	}
}

func TestPercentile(t *testing.T) {
	for _, test := range []struct {
		name string
		h    gateway.Histogram
		q    float64
		want float64
	}{
		{"nothing", gateway.Histogram{}, .95, 0},
		{"all in the first bucket", took(100, 1), .5, .00005},
		{"all in one bucket", took(100, 7*ms), .5, .0075},
		{"the end of a bucket", took(100, 7*ms), 1, .01},
		{"between two", plus(took(50, 2*ms), took(50, 70*ms)), .5, .0025},
		{"in the second of two", plus(took(50, 2*ms), took(50, 70*ms)), .95, .05 + .9*.05},
		{"over all bounds", took(10, time.Minute), .95, 30},
		{"one", took(1, 7*ms), .95, .005 + .95*.005},
	} {
		if got := canary.Percentile(test.h, test.q); got < test.want-1e-9 || got > test.want+1e-9 {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestBetweenCountsWhatCameSince(t *testing.T) {
	before := gateway.VersionReport{Requests: map[int]uint64{200: 10, 404: 5, 500: 2}, Latency: took(17, ms)}
	before.Latency.Sum = time.Second
	after := gateway.VersionReport{Requests: map[int]uint64{200: 110, 404: 6, 500: 3, 504: 4}, Latency: plus(took(118, ms), took(4, time.Minute))}
	after.Latency.Sum = 3 * time.Second
	got := canary.Between(before, after)
	want := canary.Sample{Requests: 106, Errors: 5, Latency: plus(took(101, ms), took(4, time.Minute))}
	want.Latency.Sum = 2 * time.Second
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := canary.Between(after, before); got.Requests != 17 || got.Latency.Sum != time.Second {
		t.Errorf("after a start anew: %+v", got)
	}
	if side := got.Side(); side.Requests != 106 || side.Errors != 5 || side.P95 < .5 || side.P95 > 1 {
		t.Errorf("%+v", side)
	}
}
