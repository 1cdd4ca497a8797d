package control

import (
	"context"
	"slices"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/page"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

const (
	collectEvery = 10 * time.Minute
	lineKept     = 5 // versions of an endpoint's history that no budget takes
)

// collectSoon has what nothing refers to removed.
func (c *Control) collectSoon() {
	select {
	case c.collecting <- struct{}{}:
	default: // it is about to be done
	}
}

// keepCollecting removes artifacts that nothing refers to, from time to time
// and when it is told to, until life ends.
func (c *Control) keepCollecting() {
	tick := time.NewTicker(collectEvery)
	defer tick.Stop()
	for {
		if err := c.collect(c.life); err != nil && c.life.Err() == nil {
			c.log.Error("what nothing refers to could not be removed", "error", err)
		}
		select {
		case <-c.life.Done():
			return
		case <-tick.C:
		case <-c.collecting:
		}
	}
}

// collect removes artifacts that neither the state, the file nor the worker
// needs, and then the oldest versions, as long as all of them together take more
// than their budget. It trims the caches of builds and the audit, too.
func (c *Control) collect(ctx context.Context) error {
	remaining, err := c.collectArtifacts(ctx)
	if err != nil {
		return err
	}
	if over := remaining - c.opts.ArtifactBudget; over > 0 {
		if err := c.forgetVersions(ctx, over); err != nil {
			return err
		}
		if _, err = c.collectArtifacts(ctx); err != nil {
			return err
		}
	}
	if _, _, err := c.builds.toolchain.Trim(c.opts.CacheBudget, c.now.Load().given...); err != nil {
		return err
	}
	return c.state.Update(ctx, func(tx *state.Tx) error { return tx.PruneAudit(state.AuditKept) })
}

func (c *Control) collectArtifacts(ctx context.Context) (remaining int64, err error) {
	var libraries, sources map[string]bool
	err = c.state.View(ctx, func(tx *state.Tx) error {
		libraries, sources, err = tx.Digests()
		return err
	})
	if err != nil {
		return 0, err
	}
	// What comes while this runs is too young to be removed.
	now, report := c.now.Load(), c.worker.Report()
	for _, e := range now.snapshot.Endpoints {
		libraries[digestOf(e.Library)] = true
	}
	for _, e := range report.Endpoints {
		for _, v := range e.Versions {
			if v.Role != gateway.Gone {
				libraries[v.Version] = true
			}
		}
	}
	freed, remaining, err := c.artifacts.Collect(
		func(digest string) bool { return libraries[digest] },
		func(digest string) bool { return sources[digest] })
	if freed > 0 {
		c.log.Info("artifacts that nothing refers to were removed", "freed", freed, "remaining", remaining)
	}
	return remaining, err
}

// forgetVersions forgets the oldest versions until so many bytes are free: none
// that is deployed or a canary, none of the last few of a history, and none that
// has just come.
func (c *Control) forgetVersions(ctx context.Context, over int64) error {
	c.mu.Lock() // none of them is deployed meanwhile
	defer c.mu.Unlock()
	now := c.now.Load()
	return c.state.Update(ctx, func(tx *state.Tx) error {
		var old []model.Version
		needed := map[string]bool{} // a library may be a version of several endpoints
		for name, e := range now.endpoints {
			kept, err := keptVersions(tx, e)
			if err != nil {
				return err
			}
			versions, err := tx.Versions(name)
			if err != nil {
				return err
			}
			for _, v := range versions {
				if time.Since(v.Created) < c.opts.versionGrace {
					kept[v.Digest] = true // who has brought it is about to deploy it
				}
				if needed[v.Digest] = needed[v.Digest] || kept[v.Digest]; !kept[v.Digest] {
					old = append(old, v)
				}
			}
		}
		slices.SortFunc(old, func(a, b model.Version) int { return a.Created.Compare(b.Created) })
		for _, v := range old {
			if over <= 0 {
				break
			}
			if err := tx.DeleteVersion(v.Endpoint, v.Digest); err != nil {
				return err
			}
			c.log.Info("an old version is forgotten: artifacts take more than their budget", "endpoint", v.Endpoint, "version", short(v.Digest))
			if !needed[v.Digest] {
				over -= v.Size
			}
		}
		return nil
	})
}

func keptVersions(tx *state.Tx, e model.Endpoint) (map[string]bool, error) {
	history, err := tx.Deploys(e.Name, model.Page{Limit: page.Most})
	if err != nil {
		return nil, err
	}
	kept := map[string]bool{e.Version: true}
	if e.Canary != nil {
		kept[e.Canary.Version] = true
	}
	line := lineOf(history.Items)
	for _, digest := range line[max(0, len(line)-lineKept):] {
		kept[digest] = true
	}
	return kept, nil
}
