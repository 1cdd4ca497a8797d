// Package control owns what the gateway is to serve: the state, the versions,
// the builds and the deploys. It computes a snapshot from them and from the
// configuration file, and has a [Worker] converge to it. It loads no handler.
//
// The flow of one change:
//
//	check it against the catalog                  endpoints.go, services.go, ...
//	try the library in a throw-away child         trial.go
//	have the worker converge to the new snapshot  change.go
//	write it down, durably                        state
//	tell the caller
//
// What fails before the last step leaves everything as it was. A process that
// is killed between the last two serves the new version again, or the old one
// if it was not written yet; the caller had no answer in either case.
//
// Locks are taken in this order: those of endpoints, by name; the one of the
// catalog; the state's own. The first may be held for as long as a trial or an
// upload takes, the others only while the worker converges and the disk writes.
package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/artifact"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/telemetry"
	"github.com/edge-gateway/edge-gateway/gateway/internal/crash"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/toolchain"
)

// Worker serves snapshots. A [gateway.Gateway] is one; over a process boundary
// it is a message. Nothing else of the worker is reached.
type Worker interface {
	// Apply makes s what is served, or changes nothing.
	Apply(ctx context.Context, s gateway.Snapshot) error
	// Report tells what is going on, with counters since the worker started.
	Report() gateway.Report
	// TestService reaches the backend of a service that need not be part of
	// the snapshot, and tells how long that took.
	TestService(ctx context.Context, s gateway.Service) (time.Duration, error)
}

// Options of a control plane. Dir and Worker are required; another zero field
// means its default.
type Options struct {
	Dir    string // data directory; the caller has locked it
	Worker Worker
	Log    *slog.Logger

	// Toolchain builds sources; default: one of its own, in the data directory.
	Toolchain *toolchain.Toolchain

	Program string // version of the program, for the overview
	Address string // where the worker serves, likewise

	// Upgrade has the process become another program, as soon as it has been
	// answered; nil where that cannot be done.
	Upgrade func(context.Context, model.UpgradeRequest) (model.Upgrade, error)

	ArtifactBudget int64 // bytes of versions and sources on disk; default 2 GiB
	CacheBudget    int64 // bytes of build caches; default 5 GiB
	MaxLibrary     int64 // bytes of one library; default 256 MiB
	MaxSource      int64 // bytes of one source tree; default 64 MiB

	canaryEvery  time.Duration // how often the figures of a canary are looked at; default 1 s
	placeEvery   time.Duration // how often versions are looked at that have to prove themselves; default 1 s
	versionGrace time.Duration // how long a version has to be put to use; default 10 min
}

func (o *Options) setDefaults() {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.canaryEvery == 0 {
		o.canaryEvery = time.Second
	}
	if o.placeEvery == 0 {
		o.placeEvery = time.Second
	}
	if o.versionGrace == 0 {
		o.versionGrace = 10 * time.Minute
	}
	for _, size := range []struct {
		field *int64
		value int64
	}{
		{&o.ArtifactBudget, 2 << 30}, {&o.CacheBudget, 5 << 30}, {&o.MaxLibrary, 256 << 20}, {&o.MaxSource, 64 << 20},
	} {
		if *size.field == 0 {
			*size.field = size.value
		}
	}
}

// Control is the control plane of one gateway. Its methods are safe for use
// from many goroutines. Who asks is told by the context; see [model.WithActor].
// Errors that a caller can act on are [*model.Error].
type Control struct {
	opts      Options
	log       *slog.Logger
	worker    Worker
	state     *state.Store
	artifacts *artifact.Store
	started   time.Time
	first     string // token of the first key, if Open made one

	mu  sync.Mutex              // serialises changes of the catalog
	now atomic.Pointer[catalog] // in force; read without a lock

	endpoints locks // by name: what takes long is done to one at a time
	answers   locks // by idempotency key
	keys      keyring
	builds    builds
	counters  telemetry.Accumulator
	canaries  canaries
	placing   placing
	crashes   crashes
	upgrade   sync.Mutex // guards what follows, and lets one begin at a time
	upgraded  model.Upgrade

	// collecting has room for one wish that artifacts be collected.
	collecting chan struct{}

	// What runs in the background, until life ends.
	life       context.Context
	end        context.CancelFunc
	background sync.WaitGroup
}

// Open reads the state and has the worker serve it. What of it cannot be served
// costs the rest nothing, and has a Fault.
func Open(ctx context.Context, o Options) (*Control, error) {
	if o.Dir == "" || o.Worker == nil {
		return nil, errors.New("a control plane needs a data directory and a worker")
	}
	o.setDefaults()
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("data directory %q: %w", o.Dir, err)
	}
	o.Dir = dir
	if err := os.RemoveAll(filepath.Join(dir, scratchDir)); err != nil {
		return nil, fmt.Errorf("remove what an earlier process left: %w", err)
	}
	c := &Control{opts: o, log: o.Log, worker: o.Worker, started: time.Now().UTC(), collecting: make(chan struct{}, 1), upgraded: model.Upgrade{State: model.UpgradeNone}}
	if c.artifacts, err = artifact.Open(dir); err != nil {
		return nil, err
	}
	if c.crashes.log, err = crash.OpenLog(filepath.Join(dir, crashDir)); err != nil {
		return nil, err
	}
	if c.state, err = state.Open(ctx, dir); err != nil {
		return nil, err
	}
	c.life, c.end = context.WithCancel(context.Background())
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(err, c.Close(ctx))
	}
	return c, nil
}

func (c *Control) start(ctx context.Context) error {
	for _, step := range []func(context.Context) error{c.openBuilds, c.serveState, c.openKeys, c.resumeBuilds} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	c.background.Go(c.keepCollecting)
	c.background.Go(c.keepCounting)
	c.background.Go(c.keepPlacing)
	return nil
}

// FirstToken is the token of the key that Open made because there was none; ""
// if there was one. It is nowhere else.
func (c *Control) FirstToken() string { return c.first }

// Close ends what runs in the background. The worker is left to the caller, and
// goes on serving.
func (c *Control) Close(ctx context.Context) error {
	c.end()
	err := c.builds.close(ctx)
	c.mu.Lock() // who is at it finishes; nobody else begins
	c.mu.Unlock()
	c.background.Wait()
	return errors.Join(err, c.state.Close())
}
