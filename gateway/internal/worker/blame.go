package worker

import (
	"fmt"
	"strings"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/datadir"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// account takes note of an exit, once, and tells what follows from it.
func (s *Supervisor) account(c *child) Verdict {
	c.accounting.Do(func() {
		datadir.Left(s.opts.Gateway.Dir, c.exit.Pid)
		if last := c.final(); last != nil && c.exit.Ordered {
			s.opts.Drained(*last)
		}
		if c.well {
			s.log.Info("a worker process has drained and ended", "pid", c.exit.Pid)
		}
		if c.well || c.dropped.Load() {
			return
		}
		attrs := []any{"pid", c.exit.Pid, "status", c.exit.Status}
		if at := c.exit.Loading; at.Endpoint != "" {
			attrs = append(attrs, "endpoint", at.Endpoint, "version", at.Version)
		}
		s.log.Warn("the worker process has ended, and nobody had ordered that", attrs...) // Crashed tells more
		c.verdict = s.opts.Crashed(c.exit)
	})
	return c.verdict
}

// endedLoading tells whether what was being loaded ended a worker. What else
// there is in it may have done so at the same time.
func (s *Supervisor) endedLoading(c *child) bool {
	at, guilty := c.exit.Loading, s.account(c).Guilty
	switch {
	case at.Endpoint == "":
		return false
	case guilty.Endpoint != "":
		return guilty.Endpoint == at.Endpoint && strings.HasPrefix(guilty.Version, at.Version)
	}
	return c.exit.Hung
}

// died tells of a worker that ended while it took a change.
func (s *Supervisor) died(c *child) error {
	if s.endedLoading(c) {
		return loadError(c.exit)
	}
	who := ""
	if guilty := s.account(c).Guilty; guilty.Endpoint != "" {
		who = fmt.Sprintf(", for which endpoint %q is to blame,", guilty.Endpoint)
	}
	return model.Errorf(model.Unavailable, "the worker process ended (%s)%s while it took the change, which is not in force; it is being restarted: try again", c.exit.Status, who)
}

func loadError(e Exit) error {
	return &gateway.EndpointError{
		Endpoint: e.Loading.Endpoint, Err: fmt.Errorf("the worker process ended (%s) while it loaded version %s", e.Status, e.Loading.Version),
	}
}
