package probation

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

var start = time.Unix(1_000_000, 0)

const mib = 1 << 20

// life is a record of a look each second: requests and memory by the second.
func life(seconds int, requests func(s int) int, memory func(s int) float64, process func(s int) time.Time) *Record {
	r := Begin(start)
	for s := 1; s <= seconds; s++ {
		r.Add(Look{At: start.Add(time.Duration(s) * time.Second), Requests: uint64(requests(s)), Process: process(s), Memory: int64(memory(s) * mib)})
	}
	return r
}

func TestAVersionProvesItselfByRequestsTimeAndMemory(t *testing.T) {
	many := func(s int) int { return 100 * s }
	few := func(s int) int { return s }
	one := func(int) time.Time { return start }
	flat := func(int) float64 { return 10 }
	rule := Rule{Requests: 1000, Time: time.Minute, Leaks: true}
	for _, test := range []struct {
		name     string
		seconds  int
		requests func(int) int
		memory   func(int) float64
		process  func(int) time.Time
		rule     Rule
		proved   bool
		says     string
	}{
		{"all is well", 60, many, flat, one, rule, true, "it has answered 6,000 requests in 1m0s without a crash, and kept its memory at 10.0 MiB"},
		{"too early", 59, many, flat, one, rule, false, "waiting: it has answered 5,900 requests in 59s; it needs 1,000 in 1m0s"},
		{"too few", 600, few, flat, one, rule, false, "waiting: it has answered 600 requests in 10m0s; it needs 1,000 in 1m0s"},
		{"few but at last enough", 1000, few, flat, one, rule, true, "1,000 requests in 16m40s"},
		{"nothing at all", 0, many, flat, one, rule, false, "waiting: it has answered 0 requests in 0s"},
		{"a leak of 5 MiB a minute", 60, many, func(s int) float64 { return 10 + 5*float64(s)/60 }, one, rule, false, "waiting: it has answered 6,000 requests in 1m0s without a crash, but its memory grew from 12.5 MiB to 13.8 MiB over the last 30s, as if it leaked"},
		{"a slow leak shows later", 600, many, func(s int) float64 { return 10 + float64(s)/60 }, one, rule, false, "as if it leaked"},
		{"a leak never proves itself", 100_000, many, func(s int) float64 { return 10 + 5*float64(s)/60 }, one, rule, false, "as if it leaked"},
		{"a leak in steps", 60, many, func(s int) float64 { return 10 + float64(s/10*2) }, one, rule, false, "as if it leaked"},
		{"a leak in a saw-tooth", 60, many, func(s int) float64 { return 10 + float64(s)/10 + 8*math.Mod(float64(s), 5)/5 }, one, rule, false, "as if it leaked"},
		{"a saw-tooth alone", 60, many, func(s int) float64 { return 10 + 30*math.Mod(float64(s), 5)/5 }, one, rule, true, "kept its memory at 10.0 MiB"},
		{"it fills its cache at first", 60, many, func(s int) float64 { return 10 + float64(min(s, 25)) }, one, rule, true, "kept its memory at 35.0 MiB"},
		{"it fills its cache for longer", 60, many, func(s int) float64 { return 10 + float64(s) }, one, rule, false, "as if it leaked"},
		{"and is done with that", 180, many, func(s int) float64 { return 10 + float64(min(s, 80)) }, one, rule, true, "kept its memory at 90.0 MiB"},
		{"pages come and go", 60, many, func(s int) float64 { return 10 + 0.5*float64(s/45) }, one, rule, true, "kept its memory"},
		{"much memory, little of it more", 60, many, func(s int) float64 { return 1000 + 6*float64(s/45) }, one, rule, true, "kept its memory"},
		{"one spike at the end", 60, many, func(s int) float64 { return 10 + 90*float64(s/60) }, one, rule, true, "kept its memory at 10.0 MiB"},
		{"memory does not matter", 60, many, func(s int) float64 { return float64(s) }, one, Rule{Requests: 1000, Time: time.Minute}, true, "without a crash"},
		{"memory is not told", 60, many, func(int) float64 { return 0 }, one, rule, true, "the system does not tell its memory"},
		{"its process is gone", 60, many, flat, func(s int) time.Time {
			if s == 60 {
				return time.Time{}
			}
			return start
		}, rule, false, "its process is being started"},
		{"another process since 20 s", 60, many, flat, func(s int) time.Time {
			if s > 40 {
				return start.Add(40 * time.Second)
			}
			return start
		}, rule, false, "its process is new, and has to run for 30s"},
		{"another process since 31 s, greater than the first", 61, many, func(s int) float64 { return 10 + 50*float64(s/30) - 50*float64(s/60) }, func(s int) time.Time {
			if s > 29 {
				return start.Add(29 * time.Second)
			}
			return start
		}, rule, true, "kept its memory"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := life(test.seconds, test.requests, test.memory, test.process)
			proved, reason := Decide(test.rule, r)
			if proved != test.proved || !strings.Contains(reason, test.says) {
				t.Errorf("%v, %q; want %v, %q", proved, reason, test.proved, test.says)
			}
			if len(r.samples) > samplesMost {
				t.Errorf("%d samples are kept", len(r.samples))
			}
		})
	}
}

func TestWhatIsNotChosenHasItsDefault(t *testing.T) {
	for _, test := range []struct {
		given model.Probation
		want  Rule
	}{
		{model.Probation{}, Rule{1000, time.Minute, true}},
		{model.Probation{Requests: 5, Time: model.Duration(time.Second)}, Rule{5, time.Second, true}},
	} {
		if got := RuleOf(test.given); got != test.want {
			t.Errorf("%+v, want %+v", got, test.want)
		}
	}
}

// What is remembered of a day covers all of the day.
func TestSamplesAreThinnedEvenly(t *testing.T) {
	r := life(86_400, func(s int) int { return s }, func(int) float64 { return 10 }, func(int) time.Time { return start })
	gap := r.samples[1].at.Sub(r.samples[0].at)
	for i := range r.samples[1:] {
		if got := r.samples[i+1].at.Sub(r.samples[i].at); got != gap {
			t.Fatalf("sample %d comes after %s, others after %s", i+1, got, gap)
		}
	}
	if first, last := r.samples[0].at.Sub(start), r.last.At.Sub(r.samples[len(r.samples)-1].at); first > gap || last > gap {
		t.Error(fmt.Sprint(first, last, gap))
	}
}
