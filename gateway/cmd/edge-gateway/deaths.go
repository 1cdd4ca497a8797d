package main

import (
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control"
	"github.com/edge-gateway/edge-gateway/gateway/internal/crash"
	"github.com/edge-gateway/edge-gateway/gateway/internal/worker"
)

// deaths tells the control plane of processes that died: workers, and those of
// isolated endpoints. Those that did before it was there are told when it is.
type deaths struct {
	mu      sync.Mutex
	control *control.Control
	early   []crash.Death
}

// crashed is what a supervisor tells.
func (d *deaths) crashed(e worker.Exit) worker.Verdict {
	return d.died(crash.Death{At: time.Now(), Status: e.Status, Why: e.Why, Output: e.Output, Printed: e.Printed, Recorded: e.Recorded})
}

// ended is what is told of the process of an isolated endpoint.
func (d *deaths) ended(e gateway.ProcessExit) []worker.Banned {
	return d.died(crash.Death{
		At: time.Now(), Status: e.Status, Output: e.Output, Printed: e.Printed, Recorded: e.Recorded,
		Endpoint: e.Endpoint, Version: e.Version, Hung: e.Hung, Outside: e.Outside, Lost: e.Lost,
	}).Banned
}

func (d *deaths) died(death crash.Death) (v worker.Verdict) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.control == nil {
		d.early = append(d.early, death)
		found := crash.Examine(death, func(string) (string, bool) { return "", false })
		v.Guilty = worker.Banned{Endpoint: found.Endpoint, Version: found.Version}
		return v
	}
	found, guilty := d.control.Crashed(death)
	v.Guilty = worker.Banned{Endpoint: found.Endpoint, Version: found.Version}
	for _, one := range guilty {
		v.Banned = append(v.Banned, worker.Banned{Endpoint: one.Endpoint, Version: one.Version})
	}
	return v
}

// drained is what is told of a worker that another one had replaced.
func (d *deaths) drained(last gateway.Report) {
	d.mu.Lock()
	c := d.control
	d.mu.Unlock()
	if c != nil {
		c.Drained(last)
	}
}

// tell has c hear of all deaths.
func (d *deaths) tell(c *control.Control) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.control = c
	for _, death := range d.early {
		c.Crashed(death)
	}
	d.early = nil
}
