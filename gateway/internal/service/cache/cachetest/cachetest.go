// Package cachetest holds the cases that every driver of a cache passes.
package cachetest

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache"
)

// Driver opens a service, as each driver's package does.
type Driver func(spec service.Spec, env service.Env) (service.Service, error)

// Open opens a service for a test, which closes it, and fails when that does
// not go well.
func Open(t testing.TB, driver Driver, spec service.Spec) *cache.Service {
	t.Helper()
	spec.Name, spec.Kind = "test", "cache"
	if spec.Workers == 0 {
		spec.Workers = 4
	}
	if spec.Mailbox == 0 {
		spec.Mailbox = 256
	}
	if spec.Timeout == 0 {
		spec.Timeout = 5 * time.Second
	}
	s, err := driver(spec, service.Env{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s.(*cache.Service)
}

var noCall service.Call

// Options makes options of pairs of a name and a value.
func Options(pairs ...any) config.Options {
	o := config.Options{}
	for n := 0; n < len(pairs); n += 2 {
		o[pairs[n].(string)] = pairs[n+1]
	}
	return o
}

// Answer is the outcome of a request.
type Answer struct {
	cache.Result
	Err error
}

// Status is the answer's, as a library sees it.
func (a Answer) Status() abi.Status { return StatusOf(a.Err) }

// StatusOf is the status that a library sees.
func StatusOf(err error) abi.Status {
	if err == nil {
		return abi.OK
	}
	return service.ErrorOf(err).Status
}

// Go sends a request and returns where its answer will be.
func Go(s *cache.Service, call service.Call, r cache.Request) <-chan Answer {
	answer := make(chan Answer, 2) // room for an answer too many
	s.Submit(call, r, func(result cache.Result, err error) { answer <- Answer{result, err} })
	return answer
}

// Do sends a request and waits for the answer.
func Do(t testing.TB, s *cache.Service, r cache.Request) Answer {
	t.Helper()
	select {
	case a := <-Go(s, service.Call{}, r):
		return a
	case <-time.After(30 * time.Second):
		t.Fatal("no answer in 30 s")
		return Answer{}
	}
}

// Want fails the test unless the answer has the status, and what goes with it.
func (a Answer) Want(t testing.TB, what string, status abi.Status) Answer {
	t.Helper()
	if a.Status() != status {
		t.Fatalf("%s: %v (%v), want %v", what, a.Status(), a.Err, status)
	}
	if status != abi.OK {
		if e := (*service.Error)(nil); !errors.As(service.ErrorOf(a.Err), &e) || e.Message == "" {
			t.Fatalf("%s: %v has no sentence", what, status)
		}
	}
	return a
}

// get reads one key; nil if it is not there.
func get(t testing.TB, s *cache.Service, key string) cache.Entry {
	t.Helper()
	return Do(t, s, cache.Request{Op: cache.Get, Keys: []string{key}}).Want(t, "get", abi.OK).Entries[0]
}

func wantValue(t testing.TB, s *cache.Service, key, value string) cache.Entry {
	t.Helper()
	e := get(t, s, key)
	if e.Value == nil || string(e.Value) != value {
		t.Fatalf("%.60q holds %.60q (there: %v), want %.60q", key, e.Value, e.Value != nil, value)
	}
	return e
}

func set(t testing.TB, s *cache.Service, key, value string, ttl time.Duration) {
	t.Helper()
	Do(t, s, cache.Request{Op: cache.Put, Key: key, Value: []byte(value), TTL: ttl}).Want(t, "set", abi.OK)
}
