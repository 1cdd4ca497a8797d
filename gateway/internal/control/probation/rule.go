// Package probation decides whether a version that runs in a process of its own
// has proved itself, so that it may run in the worker.
//
// It has, when since its record began
//
//   - it has answered so many requests,
//   - so much time has passed, at least half of it in its present process,
//   - and the memory of that process has not grown over the second half of the
//     time: the least of the last quarter is not above the least of the third one
//     by more than 1 MiB and 1 %.
//
// The least is what a collector, a pool or a cache always comes back to. Until
// then the answer is to wait, for as long as it takes: what leaks never proves
// itself. A crash ends the record, and another one begins.
package probation

import (
	"fmt"
	"strconv"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Rule is what has to be done.
type Rule struct {
	Requests uint64
	Time     time.Duration
	Leaks    bool // whether memory matters
}

// RuleOf fills in what is left to its default.
func RuleOf(p model.Probation) Rule {
	r := Rule{Requests: uint64(p.Requests), Time: time.Duration(p.Time), Leaks: true}
	if r.Requests == 0 {
		r.Requests = 1000
	}
	if r.Time == 0 {
		r.Time = time.Minute
	}
	return r
}

// Growth that is none: pages that come and go.
const (
	noise = 1 << 20 // bytes
	part  = 100     // of the whole
)

// Decide holds a record against a rule. The reason is a sentence with the
// figures.
func Decide(rule Rule, r *Record) (proved bool, reason string) {
	since := r.last.At.Sub(r.Began)
	did := fmt.Sprintf("it has answered %s requests in %s", count(r.last.Requests), span(since))
	if r.last.Requests < rule.Requests || since < rule.Time {
		return false, fmt.Sprintf("waiting: %s; it needs %s in %s", did, count(rule.Requests), span(rule.Time))
	}
	did += " without a crash"
	if r.last.Process.IsZero() {
		return false, "waiting: " + did + "; its process is being started"
	}
	if len(r.samples) == 0 || r.last.At.Sub(r.samples[0].at) < rule.Time/2 {
		return false, fmt.Sprintf("waiting: %s; its process is new, and has to run for %s", did, span(rule.Time/2))
	}
	if !rule.Leaks {
		return true, did
	}
	if r.samples[len(r.samples)-1].memory == 0 {
		return true, did + "; the system does not tell its memory"
	}
	middle := r.Began.Add(since / 2)
	if first := r.samples[0].at; first.After(middle) {
		middle = first
	}
	half := r.last.At.Sub(middle)
	before, ok := r.least(middle, middle.Add(half/2))
	after, ok2 := r.least(middle.Add(half/2), r.last.At.Add(1))
	if !ok || !ok2 {
		return false, "waiting: " + did + "; too little is known of its memory"
	}
	if grown := after - before; grown > noise && grown > before/part {
		return false, fmt.Sprintf("waiting: %s, but its memory grew from %s to %s over the last %s, as if it leaked", did, size(before), size(after), span(half))
	}
	return true, fmt.Sprintf("%s, and kept its memory at %s", did, size(after))
}

// count is a number as people read it: 1,000.
func count(n uint64) string {
	text := strconv.FormatUint(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// span is a time span as people read it.
func span(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Millisecond).String()
}

func size(bytes int64) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }
