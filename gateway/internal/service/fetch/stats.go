package fetch

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/metric"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/actor"
)

type counters struct {
	busy                                       atomic.Int64
	ran, overloaded, deadlines, panics, errors atomic.Uint64
	latency                                    metric.Latency
}

func (c *counters) done(took time.Duration, err error) {
	c.ran.Add(1)
	c.latency.Observe(took)
	if err != nil && !errors.Is(err, context.Canceled) { // that nobody waits any more is no error
		c.errors.Add(1)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		c.deadlines.Add(1)
	}
}

func (c *counters) read() actor.Stats {
	return actor.Stats{
		Busy: int(c.busy.Load()), Done: c.ran.Load(), Overloaded: c.overloaded.Load(), Deadlines: c.deadlines.Load(),
		Panics: c.panics.Load(), Errors: c.errors.Load(), Latency: c.latency.Read(),
	}
}
