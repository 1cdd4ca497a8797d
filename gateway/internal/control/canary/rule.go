// Package canary decides whether a version that is tried with a share of the
// requests gets all of them, or none.
//
// It never decides before both versions have had MinRequests requests, 100 at
// the least, since the canary began. From then on, each time it is asked:
//
//   - Abort, if the candidate's share of answers of 500 and above is larger than
//     the current version's by more than ErrorMargin, and that is not chance.
//   - Abort, if the candidate's 95th percentile of latency is more than
//     LatencyFactor times the current version's, and that is not chance.
//   - Promote, if neither share nor percentile is over its bound and
//     PromoteAfter has passed.
//   - Wait, otherwise.
//
// What chance is, says [chance].
package canary

import (
	"fmt"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Verdict is what is to become of a canary.
type Verdict string

// The verdicts. The last two are final.
const (
	Wait    Verdict = "wait"
	Promote Verdict = "promote"
	Abort   Verdict = "abort"
)

// leastRequests is a bound under any rule.
const leastRequests = 100

// WithDefaults fills in what a rule leaves out.
func WithDefaults(r model.CanaryRule) model.CanaryRule {
	r.MinRequests = max(r.MinRequests, leastRequests)
	if !(r.ErrorMargin > 0) {
		r.ErrorMargin = 1
	}
	if !(r.LatencyFactor >= 1) {
		r.LatencyFactor = 1.5
	}
	if r.PromoteAfter <= 0 {
		r.PromoteAfter = model.Duration(time.Minute)
	}
	return r
}

// Decide applies a rule, in which what is left out has its default, to what both
// versions did since the canary began. The reason is a sentence with the
// figures and the bounds that they were held against.
func Decide(rule model.CanaryRule, current, candidate Sample, since time.Duration) (Verdict, string) {
	rule = WithDefaults(rule)
	if now, tried := current.Requests, candidate.Requests; min(now, tried) < uint64(rule.MinRequests) {
		return Wait, fmt.Sprintf("waiting: the candidate has had %s requests and the current version %s; each needs %s",
			count(tried), count(now), count(uint64(rule.MinRequests)))
	}
	errors := fmt.Sprintf("%s answered 5xx against %s, allowed is %s points more",
		share(candidate.Errors, candidate.Requests), share(current.Errors, current.Requests), number(rule.ErrorMargin))
	manyErrors := percent(candidate.Errors, candidate.Requests)-percent(current.Errors, current.Requests) > rule.ErrorMargin
	if manyErrors && !chance(candidate.Errors, candidate.Requests, current.Errors, current.Requests) {
		return Abort, "aborted: " + errors
	}

	now, tried := Percentile(current.Latency, .95), Percentile(candidate.Latency, .95)
	bound := rule.LatencyFactor * now
	latency := fmt.Sprintf("the 95th percentile of latency is %s over %s requests against %s over %s, allowed is %s times that",
		milliseconds(tried), count(candidate.Requests), milliseconds(now), count(current.Requests), number(rule.LatencyFactor))
	slow := tried > bound
	if slow && !chance(over(candidate.Latency, bound), total(candidate.Latency), over(current.Latency, bound), total(current.Latency)) {
		return Abort, "aborted: " + latency
	}

	switch {
	case manyErrors:
		return Wait, "waiting: " + errors + "; this may still be chance"
	case slow:
		return Wait, "waiting: " + latency + "; this may still be chance"
	case since < time.Duration(rule.PromoteAfter):
		return Wait, fmt.Sprintf("waiting: good for %s of %s; %s; %s", short(since), short(time.Duration(rule.PromoteAfter)), errors, latency)
	}
	return Promote, fmt.Sprintf("promoted: good for %s; %s; %s", short(since), errors, latency)
}
