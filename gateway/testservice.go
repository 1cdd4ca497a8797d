package gateway

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/drivers"
)

// TestService reaches the backend of a service that need not be part of the
// snapshot, and tells how long that took. It takes the service's own timeout at
// most. A service of the same name may be active meanwhile: if it is the very
// same, its driver is used, else one of the test's own.
func (g *Gateway) TestService(ctx context.Context, s Service) (time.Duration, error) {
	spec, err := s.complete()
	if err != nil {
		return 0, &ServiceError{s.Name, err}
	}
	ctx, cancel := context.WithTimeout(ctx, spec.Timeout)
	defer cancel()
	if g.services.runs(spec) {
		return g.ProbeService(ctx, spec.Name)
	}
	took, err := g.testService(ctx, spec)
	if err != nil {
		return 0, &ServiceError{spec.Name, err}
	}
	return took, nil
}

func (g *Gateway) testService(ctx context.Context, spec service.Spec) (time.Duration, error) {
	dir, remove, err := g.testDir(spec)
	if err != nil {
		return 0, err
	}
	defer remove()
	// It finds no other service: mail that waits in a database is not its to
	// take.
	none := func(string) (*service.Handle, bool) { return nil, false }
	opened, err := drivers.Open(spec, service.Env{Dir: dir, Log: g.opts.Log, Lookup: none})
	if err != nil {
		return 0, err
	}
	took, err := probe(ctx, opened)
	ending, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer stop()
	_ = opened.Close(ending) // it had nothing to do
	return took, err
}

// testDir is the folder for a test. The service's own, if there is one: what is
// in it may be what is wrong with it, and databases and stores are made to be
// opened by several at a time. An outbox is not to be opened: mail that waits in
// it would be sent. Elsewhere, and where the folder would have to be made, it is
// one that remove takes away.
func (g *Gateway) testDir(spec service.Spec) (dir string, remove func(), err error) {
	own := g.serviceDir(spec.Name)
	if _, err := os.Stat(own); err == nil && spec.Kind != "email" {
		return own, func() {}, nil
	}
	above := filepath.Dir(own)
	err = os.MkdirAll(above, 0o700)
	if err == nil {
		dir, err = os.MkdirTemp(above, ".test-*")
	}
	if err != nil {
		return "", nil, fmt.Errorf("make a folder for the test: %w", err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil
}

// probe reaches a service's backend and tells how long that took.
func probe(ctx context.Context, s service.Service) (time.Duration, error) {
	start := time.Now()
	if err := s.Probe(ctx); err != nil {
		return 0, err
	}
	return time.Since(start), nil
}
