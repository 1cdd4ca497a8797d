package fetch

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/actor"
)

type counters struct {
	busy                               atomic.Int64
	ran, overloaded, deadlines, panics atomic.Uint64
	latency                            atomic.Int64
}

func (c *counters) done(took time.Duration, err error) {
	c.ran.Add(1)
	c.latency.Add(int64(took))
	if errors.Is(err, context.DeadlineExceeded) {
		c.deadlines.Add(1)
	}
}

func (c *counters) read() actor.Stats {
	return actor.Stats{
		Busy: int(c.busy.Load()), Done: c.ran.Load(), Overloaded: c.overloaded.Load(), Deadlines: c.deadlines.Load(),
		Panics: c.panics.Load(), Latency: time.Duration(c.latency.Load()),
	}
}
