package gofunc_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/actor"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache/memory"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// silent is a driver that takes what it gets and does not answer. It tells what
// a call said.
type silent struct {
	cache.Driver
	calls    chan service.Call
	trace    chan string
	canceled chan struct{}
}

func newSilent() *silent {
	return &silent{calls: make(chan service.Call, 1), trace: make(chan string, 1), canceled: make(chan struct{}, 1)}
}

func (s *silent) Submit(call service.Call, _ cache.Request, _ func(cache.Result, error)) (cancel func()) {
	s.calls <- call
	s.trace <- call.Header("traceparent")
	return func() { s.canceled <- struct{}{} }
}

func (*silent) Stats() actor.Stats          { return actor.Stats{} }
func (*silent) Close(context.Context) error { return nil }

func TestOnlyBoundServicesOfTheRightKindAreReached(t *testing.T) {
	h := &host{}
	handle := h.lend(t, "cache", "cache", memory.Open, nil)
	h.run(t, func(r *edge.Request) error {
		var failure *edge.ServiceError
		if _, err := r.Cache("other"); !errors.Is(err, edge.ErrDenied) || !errors.As(err, &failure) || failure.Subject != "other" {
			t.Errorf("a service that is not bound: %v", err)
		}
		m, err := r.Email("cache")
		if err != nil {
			return err
		}
		if _, err := m.State("1"); !errors.Is(err, edge.ErrDenied) || err.Error() != `service "cache" is of kind cache, and was asked for as email` {
			t.Errorf("a cache as an email service: %v", err)
		}
		c, err := r.Cache("cache")
		if err != nil {
			return err
		}
		running := handle.Set(nil)
		if _, err := c.Get("k"); !errors.Is(err, edge.ErrUnavailable) {
			t.Errorf("a service that is not active: %v", err)
		}
		handle.Set(running)
		_, err = c.Get("k")
		return err
	})
}

func TestACallThatNobodyAnswersEndsAtTheDeadline(t *testing.T) {
	h, driver := &host{}, newSilent()
	h.put("cache", cache.New(driver))
	err := h.within(t, 50*time.Millisecond, func(r *edge.Request) error {
		c, err := r.Cache("cache")
		if err != nil {
			return err
		}
		_, err = c.Get("k")
		if call := <-driver.calls; call.Deadline != r.Deadline || call.RequestID != "r-1" || call.Scope == nil {
			t.Errorf("called as %+v", call)
		}
		return err
	})
	if !errors.Is(err, edge.ErrDeadline) {
		t.Errorf("got %v", err)
	}
	<-driver.canceled
	if trace := <-driver.trace; trace != "00-trace-1" {
		t.Errorf("the trace context is %q", trace)
	}
}

func TestServicesThatAreKeptAnswerNothingLater(t *testing.T) {
	h := &host{}
	h.lend(t, "cache", "cache", memory.Open, nil)
	var kept edge.Cache
	h.run(t, func(r *edge.Request) (err error) {
		kept, err = r.Cache("cache")
		return err
	})
	if _, err := kept.Get("k"); !errors.Is(err, edge.ErrStale) {
		t.Errorf("after the request: %v", err)
	}
}

func TestManyGoroutinesOfOneRequestUseServices(t *testing.T) {
	h := &host{}
	h.lend(t, "cache", "cache", memory.Open, nil)
	h.run(t, func(r *edge.Request) error {
		failures := make(chan error)
		for n := range 16 {
			go func() {
				c, err := r.Cache("cache")
				if err == nil {
					err = c.Set(fmt.Sprint(n), []byte{byte(n)}, 0)
				}
				if err == nil {
					var e edge.CacheEntry
					if e, err = c.Get(fmt.Sprint(n)); err == nil && (len(e.Value) != 1 || e.Value[0] != byte(n)) {
						err = fmt.Errorf("%d is %v", n, e.Value)
					}
				}
				failures <- err
			}()
		}
		var all []error
		for range 16 {
			all = append(all, <-failures)
		}
		return errors.Join(all...)
	})
}
