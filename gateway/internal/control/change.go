package control

import (
	"context"
	"errors"
	"fmt"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/failpoint"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// edit is a change in the making: the next catalog, with what of it has to be
// written down.
type edit struct {
	*catalog
	touched map[string]bool // "endpoint/orders": may not have a fault afterwards
	writes  []func(*state.Tx) error
	serves  bool // whether the worker has to hear of it
}

// write adds to the transaction of the change.
func (e *edit) write(f func(tx *state.Tx) error) { e.writes = append(e.writes, f) }

func (e *edit) createEndpoint(one model.Endpoint) {
	e.touchEndpoint(one.Name)
	e.endpoints[one.Name] = one
	e.write(func(tx *state.Tx) error { return tx.CreateEndpoint(one) })
}

func (e *edit) putEndpoint(one model.Endpoint) {
	e.touchEndpoint(one.Name)
	e.endpoints[one.Name] = one
	e.write(func(tx *state.Tx) error { return tx.PutEndpoint(one) })
}

func (e *edit) deleteEndpoint(name string) {
	e.touchEndpoint(name)
	delete(e.endpoints, name)
	e.write(func(tx *state.Tx) error { return tx.DeleteEndpoint(name) })
}

func (e *edit) createService(one state.Service) {
	e.touchService(one.Name)
	e.services[one.Name] = one
	e.write(func(tx *state.Tx) error { return tx.CreateService(one) })
}

func (e *edit) putService(one state.Service) {
	e.touchService(one.Name)
	e.services[one.Name] = one
	e.write(func(tx *state.Tx) error { return tx.PutService(one) })
}

func (e *edit) deleteService(name string) {
	e.touchService(name)
	delete(e.services, name)
	e.write(func(tx *state.Tx) error { return tx.DeleteService(name) })
}

func (e *edit) touchEndpoint(name string) {
	e.serves = true
	e.touched["endpoint/"+name] = true
	delete(e.broken, name)
	delete(e.yields, name)
}

// touchService gives endpoints that are bound to a service another try.
func (e *edit) touchService(name string) {
	e.serves = true
	e.touched["service/"+name] = true
	delete(e.brokenServices, name)
	for _, bound := range e.boundTo(name) {
		delete(e.broken, bound)
	}
}

// change makes what f edits what is served and what is written down, or leaves
// both as they are.
func (c *Control) change(ctx context.Context, d *deed, f func(*edit) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.life.Err(); err != nil {
		return model.Errorf(model.Unavailable, "the gateway is shutting down")
	}
	now := c.now.Load()
	e := &edit{catalog: now.clone(), touched: map[string]bool{}}
	if err := f(e); err != nil {
		return err
	}
	// From here on it is not left half-way because who asked has gone.
	ctx = context.WithoutCancel(ctx)
	if e.serves {
		if err := c.converge(ctx, e.catalog, e.touched); err != nil {
			return refused(err)
		}
		failpoint.Reach("change.served", d.entry.Target)
	}
	err := c.state.Update(ctx, func(tx *state.Tx) error {
		for _, write := range e.writes {
			if err := write(tx); err != nil {
				return err
			}
		}
		return d.done(tx)
	})
	if err != nil && e.serves {
		if back := c.worker.Apply(ctx, c.spared(now.snapshot)); back != nil {
			c.log.Error("what was served before a change that failed could not be served again", "error", back)
		}
	}
	if err != nil {
		return fmt.Errorf("write the change down: %w", err)
	}
	c.now.Store(e.catalog)
	if e.serves {
		c.compareCanaries()
	}
	return nil
}

// converge has the worker serve a catalog. What the API has made, is not
// touched by the change and cannot be started is left out with a fault.
func (c *Control) converge(ctx context.Context, next *catalog, touched map[string]bool) error {
	for {
		next.compose(c.artifacts)
		err := c.worker.Apply(ctx, c.spared(next.snapshot))
		if err == nil {
			return nil
		}
		if left := c.leaveOut(next, touched, err); left != nil {
			return left
		}
	}
}

// leaveOut marks what an error of Apply is about, and returns what of the error
// that does not help with.
func (c *Control) leaveOut(next *catalog, touched map[string]bool, err error) error {
	var left []error
	for _, one := range leaves(err) {
		var endpoint *gateway.EndpointError
		var service *gateway.ServiceError
		var conflict *gateway.ConflictError
		switch {
		case errors.As(one, &conflict) && next.mayYield(conflict, touched):
			next.yields[conflict.Endpoint] = conflict.Error() + ", and the configuration file's service goes first"
		case errors.As(one, &endpoint) && next.mayLeaveOut(endpoint.Endpoint, touched):
			c.log.Error("the endpoint is not served", "endpoint", endpoint.Endpoint, "error", endpoint.Err)
			next.broken[endpoint.Endpoint] = endpoint.Err.Error()
		case errors.As(one, &service) && next.mayLeaveOutService(service.Service, touched):
			c.log.Error("the service is not to be had", "service", service.Service, "error", service.Err)
			next.brokenServices[service.Service] = service.Err.Error()
		default:
			left = append(left, one)
		}
	}
	return errors.Join(left...)
}

func (k *catalog) mayLeaveOut(name string, touched map[string]bool) bool {
	_, file := k.fileEndpoint(name)
	_, api := k.endpoints[name]
	return api && !file && !touched["endpoint/"+name] && k.broken[name] == ""
}

// mayYield tells whether an endpoint that has the route of a service goes
// without: the service is the file's, which goes first.
func (k *catalog) mayYield(c *gateway.ConflictError, touched map[string]bool) bool {
	_, file := k.fileService(c.Service)
	return file && k.mayLeaveOut(c.Endpoint, touched)
}

func (k *catalog) mayLeaveOutService(name string, touched map[string]bool) bool {
	_, file := k.fileService(name)
	_, api := k.services[name]
	return api && !file && !touched["service/"+name] && k.brokenServices[name] == ""
}

// leaves are the errors that one joins.
func leaves(err error) (all []error) {
	many, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	for _, one := range many.Unwrap() {
		all = append(all, leaves(one)...)
	}
	return all
}

// refused tells whoever asked what the worker did not take.
func refused(err error) error {
	var endpoint *gateway.EndpointError
	var service *gateway.ServiceError
	var conflict *gateway.ConflictError
	switch {
	case errors.As(err, &conflict):
		return &model.Error{Kind: model.Conflict, Reason: conflict.Error(), Other: "service/" + conflict.Service, Err: err}
	case errors.Is(err, gateway.ErrClosed):
		return model.Errorf(model.Unavailable, "the gateway is shutting down")
	case errors.As(err, &endpoint), errors.As(err, &service):
		return model.Errorf(model.Refused, "%w", err)
	}
	return fmt.Errorf("serve the change: %w", err)
}
