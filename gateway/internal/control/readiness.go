package control

import (
	"context"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Ready tells whether everything that should serve does.
func (c *Control) Ready(ctx context.Context) model.Readiness {
	ready := model.Readiness{NotReady: []model.NotReady{}}
	not := func(kind, name, reason string) {
		ready.NotReady = append(ready.NotReady, model.NotReady{Kind: kind, Name: name, Reason: reason})
	}
	now := c.now.Load()
	switch {
	case c.life.Err() != nil:
		not("gateway", "", "it is shutting down")
	case now.declared.IsZero():
		not("gateway", "", "the configuration is not in force yet")
	}
	if w, ok := c.worker.(interface{ Missing() string }); ok && w.Missing() != "" {
		not("gateway", "", w.Missing())
	}
	for _, name := range now.endpointNames() {
		e, _ := now.endpoint(name)
		switch {
		case e.Fault != "":
			not("endpoint", name, e.Fault)
		case e.Origin == model.FromFile && e.Version == "" && !now.isFunction(name):
			not("endpoint", name, "its source or library is at fault: see the log")
		}
	}
	for _, s := range c.allServices(model.ServiceFilter{}) {
		switch {
		case s.Fault != "":
			not("service", s.Name, s.Fault)
		case s.Status != nil && s.Status.Fault != "":
			not("service", s.Name, s.Status.Fault)
		}
	}
	ready.Ready = len(ready.NotReady) == 0
	return ready
}

// isFunction tells whether a function of the program answers for an endpoint of
// the file, and no library.
func (k *catalog) isFunction(name string) bool {
	e, _ := k.fileEndpoint(name)
	return e.Handler != nil
}

// Well tells whether the state can be read.
func (c *Control) Well(ctx context.Context) error {
	return c.state.View(ctx, func(tx *state.Tx) error {
		_, err := tx.Versions("")
		return err
	})
}
