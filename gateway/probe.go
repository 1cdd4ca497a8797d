package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// ErrInactive says that there is no active service of a name.
var ErrInactive = errors.New("the service is not active")

// ProbeService reaches a service's backend, on a connection of its own, and
// tells how long that took.
func (g *Gateway) ProbeService(ctx context.Context, name string) (time.Duration, error) {
	var probed service.Service
	if h, ok := g.services.lookup(name); ok {
		h.With(func(s service.Service) { probed = s })
	}
	if probed == nil {
		return 0, &ServiceError{name, ErrInactive}
	}
	took, err := probe(ctx, probed)
	if err != nil {
		return 0, &ServiceError{name, err}
	}
	return took, nil
}

// firstProbes tells early, in the log, which backends cannot be reached. None
// of them keeps the gateway from serving.
func (g *Gateway) firstProbes(c *serviceChange) {
	for name, opened := range c.opened {
		ctx, stop := context.WithCancel(context.Background())
		g.services.probes[name] = stop
		g.services.probing.Go(func() {
			g.probeUntilReached(ctx, c.specs[name], opened)
		})
	}
}

// probeEvery is how often a backend that was not reached is tried again, for
// the log.
const probeEvery = 5 * time.Second

func (g *Gateway) probeUntilReached(ctx context.Context, spec service.Spec, opened service.Service) {
	log := g.opts.Log.With("service", spec.Name)
	if path := spec.Options.Text("path"); path != "" {
		log = log.With("path", path)
	}
	for tries := 0; ; tries++ {
		limit, cancel := context.WithTimeout(ctx, min(probeEvery, spec.Timeout))
		err := opened.Probe(limit)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && tries > 0:
			log.Info("a service's backend is reached now")
			return
		case err == nil:
			return
		case tries == 0:
			log.Warn("a service's backend cannot be reached; its operations fail until it can", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(probeEvery):
		}
	}
}
