package dispatch

import (
	"net/http"
	"time"
)

// answered counts what the client of a request gets from a version, or in its
// place. Whoever gives the answer calls it, before that is written and while
// the version's guard is held: once for each request that got a guard, but for
// those that refused counts.
func (c *call) answered(status int) {
	c.instance.Version.Answered(status, time.Since(c.started))
}

// refused counts and logs a request that is answered without a version.
func (r *request) refused(why string) {
	to := &r.d.refused
	if r.endpoint != nil {
		to = &r.endpoint.Refused
	}
	to.Add(r.ctx.Response.StatusCode())
	r.logRefused(why)
}

// Refused counts the requests that reached no endpoint, by status.
func (d *Dispatcher) Refused() map[int]uint64 {
	all := d.refused.Read()
	// Of the connections above MaxConns, fasthttp answers the first request.
	if n := d.server.GetRejectedConnectionsCount(); n > 0 {
		all[http.StatusServiceUnavailable] += uint64(n)
	}
	return all
}

// Connections counts those of clients.
func (d *Dispatcher) Connections() int64 {
	d.connsMu.Lock()
	defer d.connsMu.Unlock()
	return int64(len(d.conns))
}
