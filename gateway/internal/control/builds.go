package control

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/page"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/failpoint"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/toolchain/queue"
)

// buildsKept is how many builds of an endpoint are remembered after they ended.
const buildsKept = 50

// Build queues a build of the endpoint's source as it is now.
func (c *Control) Build(ctx context.Context, endpoint string, r model.BuildRequest) (b model.Build, err error) {
	d := c.deed(ctx, "build.queue", "endpoint/"+endpoint)
	defer d.ended(&err)
	if _, err := c.now.Load().own(endpoint); err != nil {
		return b, err
	}
	source, err := c.sourceOf(ctx, endpoint)
	if isMissing(err) {
		return b, model.Errorf(model.Conflict, "endpoint %q has no source: put one there first", endpoint)
	}
	if err != nil {
		return b, err
	}
	b = model.Build{
		ID: newBuildID(), Endpoint: endpoint, Source: source.Digest, Language: source.Language,
		State: model.BuildQueued, Deploy: r.Deploy, Queued: time.Now().UTC(), By: model.ActorOf(ctx).Name,
	}
	d.tell("build %s of source %s", b.ID, short(b.Source))
	var forgotten []string
	err = c.change(ctx, d, func(e *edit) error {
		if _, err := e.own(endpoint); err != nil {
			return err
		}
		e.write(func(tx *state.Tx) error {
			if err := tx.PutBuild(b); err != nil {
				return err
			}
			forgotten, err = tx.PruneBuilds(endpoint, buildsKept)
			return err
		})
		return nil
	})
	if err != nil {
		return b, err
	}
	if len(forgotten) > 0 {
		failpoint.Reach("build.pruned", b.ID)
	}
	for _, id := range forgotten {
		c.forgetLog(id)
	}
	return b, c.queueBuild(b)
}

// newBuildID is in the order of time, and no two are the same.
func newBuildID() string {
	var random [3]byte
	_, _ = rand.Read(random[:])
	return time.Now().UTC().Format("20060102-150405-") + hex.EncodeToString(random[:])
}

// Builds lists builds, the newest first.
func (c *Control) Builds(ctx context.Context, f model.BuildFilter, p model.Page) (list model.List[model.Build], err error) {
	err = c.state.View(ctx, func(tx *state.Tx) error {
		list, err = tx.Builds(f, p)
		return err
	})
	return list, err
}

// FindBuild finds one.
func (c *Control) FindBuild(ctx context.Context, id string) (b model.Build, err error) {
	err = c.state.View(ctx, func(tx *state.Tx) error {
		b, err = tx.Build(id)
		return err
	})
	return b, err
}

// CancelBuild ends a build that waits or runs. A compiler that takes its time
// to end is not waited for.
func (c *Control) CancelBuild(ctx context.Context, id string) (b model.Build, err error) {
	d := c.deed(ctx, "build.cancel", "build/"+id)
	defer d.ended(&err)
	if b, err = c.FindBuild(ctx, id); err != nil {
		return b, err
	}
	if b.State.Final() {
		return b, model.Errorf(model.Conflict, "build %q has ended already: it %s", id, b.State)
	}
	ended := c.builds.end(id)
	c.builds.queue.Cancel(id)
	if err := c.change(ctx, d, func(*edit) error { return nil }); err != nil {
		return b, err
	}
	patience := time.NewTimer(2 * time.Second)
	defer patience.Stop()
	select {
	case <-ended:
	case <-patience.C:
	case <-ctx.Done():
	}
	return c.FindBuild(ctx, id)
}

// BuildLog reads what the compiler printed. With follow it goes on until the
// build has ended or ctx does.
func (c *Control) BuildLog(ctx context.Context, id string, follow bool) (io.ReadCloser, error) {
	if _, err := c.FindBuild(ctx, id); err != nil {
		return nil, err
	}
	log, err := c.builds.queue.Log(ctx, id, follow)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, model.Errorf(model.Missing, "the log of build %q is not kept any more", id)
	}
	return log, err
}

// cancelBuilds ends what an endpoint that is gone still has in the queue.
func (c *Control) cancelBuilds(ctx context.Context, endpoint string) {
	for _, standing := range []model.BuildState{model.BuildQueued, model.BuildRunning} {
		list, err := c.Builds(ctx, model.BuildFilter{Endpoint: endpoint, State: standing}, model.Page{Limit: page.Most})
		if err != nil {
			c.log.Error("builds of an endpoint that is gone could not be found", "endpoint", endpoint, "error", err)
		}
		for _, b := range list.Items {
			c.builds.queue.Cancel(b.ID)
		}
	}
}

// forgetLog removes the log of a build that is forgotten.
func (c *Control) forgetLog(id string) {
	if err := c.builds.queue.Remove(id); err != nil {
		c.log.Warn("the log of an old build is left", "build", id, "error", err)
	}
}

// resumeBuilds makes of the builds of an earlier process what they are now:
// those that waited wait again, the others have failed.
func (c *Control) resumeBuilds(ctx context.Context) error {
	var waiting []model.Build
	err := c.state.Update(ctx, func(tx *state.Tx) error {
		running, err := tx.Builds(model.BuildFilter{State: model.BuildRunning}, model.Page{Limit: page.Most})
		if err != nil {
			return err
		}
		for _, b := range running.Items {
			ended := time.Now().UTC()
			b.State, b.Ended, b.Error = model.BuildFailed, &ended, "the gateway ended while it ran"
			if err := tx.PutBuild(b); err != nil {
				return err
			}
		}
		queued, err := tx.Builds(model.BuildFilter{State: model.BuildQueued}, model.Page{Limit: page.Most})
		if err != nil {
			return err
		}
		waiting = queued.Items
		return c.builds.queue.RemoveUnknown(func(id string) bool {
			_, err := tx.Build(id)
			return !isMissing(err)
		})
	})
	if err != nil {
		return fmt.Errorf("read the builds: %w", err)
	}
	for i := len(waiting) - 1; i >= 0; i-- { // the oldest first
		if err := c.queueBuild(waiting[i]); err != nil {
			c.log.Error("a build that waited cannot be queued again", "build", waiting[i].ID, "error", err)
		}
	}
	return nil
}

// queueBuild has a build made that the state has as queued.
func (c *Control) queueBuild(b model.Build) error {
	run := &buildRun{c: c, build: b}
	err := c.builds.queue.Add(queue.Job{ID: b.ID, Key: b.Endpoint, Started: run.started, Prepare: run.prepare, Done: run.done})
	if err == nil {
		return nil
	}
	if errors.Is(err, queue.ErrFull) {
		err = model.Errorf(model.Busy, "%w", err)
	}
	run.end(model.BuildFailed, err)
	return err
}
