package control

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/canary"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// canaries are the comparisons that go on, by endpoint. What both versions had
// done before does not count; a comparison of before a restart begins anew.
type canaries struct {
	mu      sync.Mutex
	running map[string]*comparison
}

// comparison is of a canary with the version deployed. Only its goroutine, if
// it decides by itself, changes anything on behalf of it.
type comparison struct {
	canary  model.Canary
	current string
	began   time.Time
	before  struct{ current, candidate gateway.VersionReport } // as they were then
	stop    context.CancelFunc
}

// compareCanaries begins and ends comparisons so that they are those of the
// catalog in force. c.mu is held.
func (c *Control) compareCanaries() {
	now := c.now.Load()
	c.canaries.mu.Lock()
	defer c.canaries.mu.Unlock()
	for name, one := range c.canaries.running {
		is, ok := now.endpoints[name]
		if !ok || is.Canary == nil || is.Version != one.current || !sameCanary(is.Canary, &one.canary) {
			one.stop()
			delete(c.canaries.running, name)
		}
	}
	for name, is := range now.endpoints {
		if is.Canary == nil || c.canaries.running[name] != nil {
			continue
		}
		report := c.Report()
		one := &comparison{canary: *is.Canary, current: is.Version, began: time.Now()}
		one.before.current, _ = versionOf(report, name, is.Version)
		one.before.candidate, _ = versionOf(report, name, is.Canary.Version)
		ctx, stop := context.WithCancel(c.life)
		one.stop = stop
		if c.canaries.running == nil {
			c.canaries.running = map[string]*comparison{}
		}
		c.canaries.running[name] = one
		if is.Canary.Auto != nil {
			c.background.Go(func() { c.decide(ctx, name, one) })
		}
	}
}

// figures are what both versions have done since a comparison began.
func (one *comparison) figures(report gateway.Report, endpoint string) (current, candidate canary.Sample) {
	a, _ := versionOf(report, endpoint, one.current)
	b, _ := versionOf(report, endpoint, one.canary.Version)
	return canary.Between(one.before.current, a), canary.Between(one.before.candidate, b)
}

// decide promotes or aborts a canary when the figures say so.
func (c *Control) decide(ctx context.Context, endpoint string, one *comparison) {
	tick := time.NewTicker(c.opts.canaryEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		current, candidate := one.figures(c.Report(), endpoint)
		verdict, reason := canary.Decide(*one.canary.Auto, current, candidate, time.Since(one.began))
		if verdict == canary.Wait {
			continue
		}
		// Not with ctx: what is decided ends the comparison, and with it ctx.
		_, err := c.endCanary(context.WithoutCancel(ctx), endpoint, string(verdict), reason, &one.canary)
		if err == nil {
			c.log.Info("a canary was decided", "endpoint", endpoint, "version", short(one.canary.Version), "verdict", string(verdict), "reason", reason)
			return
		}
		if problem := (*model.Error)(nil); errors.As(err, &problem) && (problem.Kind == model.Conflict || problem.Kind == model.Missing) {
			return // someone else was faster
		}
		c.log.Error("a canary could not be decided, and is tried again", "endpoint", endpoint, "verdict", string(verdict), "error", err)
	}
}

// withCanaries fills in how the canaries of endpoints do.
func (c *Control) withCanaries(endpoints []model.Endpoint) {
	var report *gateway.Report
	for i := range endpoints {
		e := &endpoints[i]
		c.canaries.mu.Lock()
		one := c.canaries.running[e.Name]
		c.canaries.mu.Unlock()
		if e.Canary == nil || one == nil {
			continue
		}
		if report == nil {
			r := c.Report()
			report = &r
		}
		live := *e.Canary // that of the catalog is never changed
		current, candidate := one.figures(*report, e.Name)
		live.Current, live.Candidate = current.Side(), candidate.Side()
		if live.Auto != nil {
			_, live.Verdict = canary.Decide(*live.Auto, current, candidate, time.Since(one.began))
		}
		e.Canary = &live
	}
}
