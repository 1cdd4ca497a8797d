// Package cache is the service eg.cache/1: what a cache does, in the words of
// abi/edge_gateway_cache.h, and the ways of running it. Drivers:
//
//	memory     in this process; answers while it is asked
//	memcached  one client a worker
//	redis      one connection a worker
//
// A request comes from a library through Start, or from Go through Submit; the
// driver answers it with a [Result] or a [service.Error].
package cache

import (
	"context"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/actor"
)

// Driver is a cache of some make. Its methods are safe for use from many
// goroutines.
type Driver interface {
	// Submit has a request that [Request.Check] passes answered: done is called
	// exactly once, from any goroutine, perhaps before Submit returns. It does
	// not block. cancel says that nobody waits any more; done is called all
	// the same.
	Submit(call service.Call, r Request, done func(Result, error)) (cancel func())
	Probe(ctx context.Context) error
	Stats() actor.Stats
	Close(ctx context.Context) error
}

// Inline is a driver that answers at once, without another goroutine.
type Inline interface {
	Driver
	Do(r Request) (Result, error)
}

// Service is a cache.
type Service struct {
	driver Driver
	inline Inline // the driver, if it is one
}

// New makes a service of a driver.
func New(driver Driver) *Service {
	inline, _ := driver.(Inline)
	return &Service{driver: driver, inline: inline}
}

// ID implements service.Service.
func (*Service) ID() string { return abi.CacheID }

// Probe reaches the backend on a connection of its own.
func (s *Service) Probe(ctx context.Context) error { return s.driver.Probe(ctx) }

// Stats tells what the driver is doing.
func (s *Service) Stats() actor.Stats { return s.driver.Stats() }

// Close ends the service; see service.Service.
func (s *Service) Close(ctx context.Context) error { return s.driver.Close(ctx) }

// Submit has a request answered: done is called exactly once, from any
// goroutine, perhaps before Submit returns. It does not block. What r points to
// belongs to the service until then. cancel says that nobody waits any more.
func (s *Service) Submit(call service.Call, r Request, done func(Result, error)) (cancel func()) {
	if err := r.Check(); err != nil {
		done(Result{}, err)
		return func() {}
	}
	return s.driver.Submit(call, r, done)
}
