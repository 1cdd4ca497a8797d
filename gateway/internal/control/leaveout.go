package control

import (
	"context"
	"slices"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// LeaveOut takes note that a worker could not start with an endpoint and serves
// without it: the endpoint has a Fault and answers 503, until it is changed or
// declared again. Nothing is done if the endpoint has another library by now.
func (c *Control) LeaveOut(ctx context.Context, without gateway.Endpoint, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now.Load()
	if c.life.Err() != nil || !slices.ContainsFunc(now.snapshot.Endpoints, func(e gateway.Endpoint) bool {
		return e.Name == without.Name && e.Library == without.Library
	}) {
		return
	}
	next := now.clone()
	next.broken[without.Name] = reason
	if err := c.converge(ctx, next, nil); err != nil {
		c.log.Error("the endpoint that the worker could not start with is not marked as left out", "endpoint", without.Name, "error", err)
		return
	}
	c.now.Store(next)
	c.compareCanaries()
}

// LeaveOutService takes note that a worker could not start with a service and
// serves without it: the service has a Fault and refuses operations, until it is
// changed or declared again.
func (c *Control) LeaveOutService(ctx context.Context, name, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now.Load()
	if c.life.Err() != nil || !now.hasService(name) {
		return
	}
	next := now.clone()
	next.brokenServices[name] = reason
	if err := c.converge(ctx, next, nil); err != nil {
		c.log.Error("the service that the worker could not start with is not marked as left out", "service", name, "error", err)
		return
	}
	c.now.Store(next)
	c.compareCanaries()
}
