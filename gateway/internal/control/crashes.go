package control

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/page"
	"github.com/edge-gateway/edge-gateway/gateway/internal/crash"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// crashes are those of workers.
type crashes struct {
	log *crash.Log

	mu     sync.Mutex // guards what follows
	tally  crash.Tally
	guilty map[model.CrashSuspect]bool // that are about to be quarantined, and get no traffic before they are
	counts map[string]uint64           // since the gateway started, by endpoint; "" for those that nobody is to blame for
}

const crashDir = "crashes"

// Crashed takes note of the end of a worker, or of an isolated endpoint's
// process, that nobody had ordered. It tells what it was, and which versions are
// to have no traffic any more, from now on: what is to be served in their place
// follows as a change.
func (c *Control) Crashed(d crash.Death) (found model.Crash, guilty []model.CrashSuspect) {
	found = crash.Examine(d, func(version string) (string, bool) {
		library, err := c.artifacts.Library(version)
		return library.Path, err == nil
	})
	c.crashes.mu.Lock()
	guilty = c.crashes.tally.Add(found)
	for _, g := range guilty {
		if c.crashes.guilty == nil {
			c.crashes.guilty = map[model.CrashSuspect]bool{}
		}
		c.crashes.guilty[g] = true
	}
	if c.crashes.counts == nil {
		c.crashes.counts = map[string]uint64{}
	}
	if !found.Isolated {
		c.crashes.counts[found.Endpoint]++
	}
	c.crashes.mu.Unlock()
	c.placing.spoil(versionOfEndpoint{found.Endpoint, found.Version})
	if len(guilty) > 0 {
		var names []string
		for _, g := range guilty {
			names = append(names, "version "+short(g.Version)+" of endpoint "+g.Endpoint)
		}
		found.Quarantined = "quarantined: " + strings.Join(names, ", ")
	}
	found, err := c.crashes.log.Add(found, d.Output)
	if err != nil {
		c.log.Error("a crash is lost to its log", "error", err)
	}
	attrs := []any{"crash", found.ID, "status", found.Status, "what", found.What, "others_lost", found.Lost}
	if found.Endpoint != "" {
		attrs = append(attrs, "endpoint", found.Endpoint, "version", short(found.Version), "where", found.Where, "state", found.State)
	}
	if found.Request != nil {
		attrs = append(attrs, slog.String("request_id", found.Request.ID))
	}
	message, action := "the worker was ended by native code", "worker.crash"
	switch {
	case found.Outside:
		message, action = "the process of an isolated endpoint was killed from outside", "process.crash"
	case found.Isolated:
		message, action = "the process of an isolated endpoint was ended by its handler", "process.crash"
	case found.Endpoint == "" && len(found.Suspects) == 0:
		message = "the worker process ended, and nobody is known to have done it"
	}
	c.log.Error(message, attrs...)
	if c.life.Err() != nil {
		return found, guilty // nothing is changed any more
	}
	for _, g := range guilty {
		c.background.Go(func() { c.quarantine(c.life, g, found) })
	}
	if !found.Outside {
		c.background.Go(func() { c.move(c.life, found) })
	}
	c.background.Go(func() {
		c.Note(context.Background(), model.AuditEntry{
			At: found.At, By: "gateway", Action: action, Target: targetOf(found), Outcome: "failed", Detail: strings.TrimSpace(found.String()),
		})
	})
	return found, guilty
}

func targetOf(found model.Crash) string {
	if found.Endpoint == "" {
		return "gateway"
	}
	return "endpoint/" + found.Endpoint
}

// Crashes lists the last ends of workers that nobody had ordered, the newest
// first.
func (c *Control) Crashes(_ context.Context, endpoints []string, p model.Page) (list model.List[model.Crash], err error) {
	limit, err := page.Limit(p)
	if err != nil {
		return list, err
	}
	after, err := page.After("crashes", p)
	if err != nil {
		return list, err
	}
	all := slices.DeleteFunc(c.crashes.log.All(), func(one model.Crash) bool {
		return len(endpoints) > 0 && !slices.Contains(endpoints, one.Endpoint) || after != "" && one.ID >= after
	})
	return page.List(all, "crashes", limit, func(one model.Crash) string { return one.ID }), nil
}

// CrashCounts tells how often workers were ended since the gateway started, by
// endpoint; "" has those for which nobody is to blame.
func (c *Control) CrashCounts() map[string]uint64 {
	c.crashes.mu.Lock()
	defer c.crashes.mu.Unlock()
	counts := make(map[string]uint64, len(c.crashes.counts))
	for endpoint, n := range c.crashes.counts {
		counts[endpoint] = n
	}
	return counts
}

// forgive gives a version another try.
func (c *Control) forgive(endpoint, version string) {
	c.crashes.mu.Lock()
	defer c.crashes.mu.Unlock()
	c.crashes.tally.Forget(endpoint, version)
}
