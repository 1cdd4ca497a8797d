package control

import "github.com/edge-gateway/edge-gateway/gateway"

// Report tells what is going on. Its counters survive a worker's restart.
func (c *Control) Report() gateway.Report { return c.worker.Report() }
