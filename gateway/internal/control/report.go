package control

import (
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// Report tells what is going on. Its counters survive a worker's restart.
func (c *Control) Report() gateway.Report { return c.counters.Report(c.worker) }

// Drained takes note of what a worker has counted in all that has drained.
func (c *Control) Drained(last gateway.Report) { c.counters.Drained(last) }

// countEvery is how often the worker is asked for its counters, so that little
// of them is lost with it.
const countEvery = 5 * time.Second

func (c *Control) keepCounting() {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	for {
		select {
		case <-c.life.Done():
			return
		case <-tick.C:
			c.Report()
		}
	}
}
