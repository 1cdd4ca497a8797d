package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/failpoint"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/toolchain"
	"github.com/edge-gateway/edge-gateway/toolchain/queue"
)

// builds are those that wait or run.
type builds struct {
	toolchain *toolchain.Toolchain
	queue     *queue.Queue

	mu    sync.Mutex
	ended map[string]chan struct{} // of those that someone waits for
}

func (c *Control) openBuilds(context.Context) (err error) {
	cache := filepath.Join(c.opts.Dir, "build")
	made := c.opts.Toolchain
	if made == nil {
		if made, err = toolchain.New(toolchain.Config{CacheDir: cache, Exclude: []string{c.opts.Dir}}); err != nil {
			return err
		}
	}
	c.builds.toolchain = made
	c.builds.queue, err = queue.New(queue.Options{
		LogDir: filepath.Join(c.opts.Dir, "builds"),
		// The folder of a source tree is called as its endpoint is.
		Build: func(ctx context.Context, dir string, log io.Writer) (*toolchain.Library, error) {
			return c.builds.compile(ctx, dir, filepath.Base(dir), log)
		},
	})
	return err
}

// compile builds the source of an endpoint. The compiler runs other people's
// programs, so it is confined.
func (b *builds) compile(ctx context.Context, dir, endpoint string, log io.Writer) (*toolchain.Library, error) {
	return b.toolchain.BuildRequest(ctx, toolchain.Request{Dir: dir, Log: log, Confined: true, Stage: endpoint})
}

func (b *builds) close(ctx context.Context) error {
	if b.queue == nil {
		return nil // it was never opened
	}
	return b.queue.Close(ctx)
}

// end is closed when a build has ended.
func (b *builds) end(id string) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended == nil {
		b.ended = map[string]chan struct{}{}
	}
	if b.ended[id] == nil {
		b.ended[id] = make(chan struct{})
	}
	return b.ended[id]
}

func (b *builds) tellEnded(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if ended := b.ended[id]; ended != nil {
		close(ended)
		delete(b.ended, id)
	}
}

// buildRun is one build on its way. The queue calls its methods one after the
// other.
type buildRun struct {
	c     *Control
	build model.Build
}

// put writes down where the build stands.
func (r *buildRun) put(more ...func(*state.Tx) error) error {
	err := r.c.state.Update(context.Background(), func(tx *state.Tx) error {
		for _, write := range more {
			if err := write(tx); err != nil {
				return err
			}
		}
		return tx.PutBuild(r.build)
	})
	if err != nil {
		r.c.log.Error("where a build stands could not be written down", "build", r.build.ID, "state", string(r.build.State), "error", err)
	}
	return err
}

func (r *buildRun) started() {
	at := time.Now().UTC()
	r.build.State, r.build.Started = model.BuildRunning, &at
	_ = r.put()
}

func (r *buildRun) prepare(ctx context.Context) (dir string, cleanup func(), err error) {
	parent, cleanup, err := r.c.scratch("build-")
	if err != nil {
		return "", nil, err
	}
	dir = filepath.Join(parent, r.build.Endpoint)
	if err = r.c.unpackSource(r.build.Source, dir); err == nil {
		failpoint.Reach("build.prepared", r.build.ID)
	}
	return dir, cleanup, err
}

// done makes a version of what was built, and deploys it if that was asked for.
func (r *buildRun) done(ctx context.Context, result queue.Result, log io.Writer) {
	switch {
	case errors.Is(result.Err, queue.ErrClosed):
		return // the next start sees to it
	case errors.Is(result.Err, queue.ErrCanceled):
		r.end(model.BuildCanceled, nil)
		return
	case result.Err != nil:
		if failed := (*toolchain.BuildError)(nil); errors.As(result.Err, &failed) {
			r.build.Isolation = failed.Isolation
		}
		r.end(model.BuildFailed, result.Err)
		return
	}
	failpoint.Reach("build.compiled", r.build.ID)
	if err := r.keep(result.Library); err != nil {
		fmt.Fprintf(log, "%v\n", err)
		r.end(model.BuildFailed, err)
		return
	}
	err := r.deploy(ctx, log)
	if err != nil && ctx.Err() != nil {
		return
	}
	r.end(model.BuildSucceeded, err)
}

// keep makes a version of the library, while the build still runs.
func (r *buildRun) keep(library *toolchain.Library) error {
	v, err := r.c.keepVersion(r.build.Endpoint, library.Path)
	if err != nil {
		return err
	}
	r.build.Isolation = library.Isolation
	v.Language, v.Source, v.Origin, v.Build, v.By = string(library.Language), r.build.Source, "build", r.build.ID, r.build.By
	r.build.Version, r.build.Language = v.Digest, v.Language
	r.c.mu.Lock() // so that the endpoint is not deleted meanwhile
	defer r.c.mu.Unlock()
	if _, err := r.c.now.Load().own(r.build.Endpoint); err != nil {
		return err
	}
	return r.put(func(tx *state.Tx) error { return tx.PutVersion(v) })
}

func (r *buildRun) deploy(ctx context.Context, log io.Writer) error {
	if !r.build.Deploy {
		return nil
	}
	ctx = model.WithActor(ctx, model.Actor{Name: r.build.By, From: "build " + r.build.ID, Scope: model.ScopeDeploy})
	result, err := r.c.Deploy(ctx, r.build.Endpoint, model.DeployRequest{Version: r.build.Version})
	if err != nil {
		fmt.Fprintf(log, "deploy: %v\n", err)
		return fmt.Errorf("it was built, and could not be deployed: %w", err)
	}
	r.build.Deployed = &result
	fmt.Fprintf(log, "deployed %s: %s\n", short(result.New), result.Trial)
	return nil
}

// end writes down how the build ended.
func (r *buildRun) end(how model.BuildState, err error) {
	at := time.Now().UTC()
	r.build.State, r.build.Ended = how, &at
	if err != nil {
		r.build.Error = err.Error()
	}
	_ = r.put()
	r.c.builds.tellEnded(r.build.ID)
}
