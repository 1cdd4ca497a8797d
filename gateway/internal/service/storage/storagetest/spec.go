// Package storagetest tests storage services: one table of cases for every
// driver.
package storagetest

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
)

// Spec is what a service of a test is to be.
func Spec(driver string, options config.Options) service.Spec {
	return service.Spec{
		Name: "files", Kind: "storage", Driver: driver, Options: options,
		Workers: 4, Mailbox: 64, Timeout: 10 * time.Second,
	}
}

// Env is what a service of a test finds around it.
func Env(t testing.TB) service.Env {
	return service.Env{Dir: t.TempDir(), Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
}

// Started is what a driver's Open returned; the end of the test closes it.
func Started(t testing.TB, s service.Service, err error) *storage.Service {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { Close(t, s) })
	return s.(*storage.Service)
}

// Close closes a service, and has to succeed within 10 s.
func Close(t testing.TB, s service.Service) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
}

// Scope is that of a request; the end of the test ends it.
func Scope(t testing.TB) (scope *abi.Scope, end func()) {
	scope, end = abi.NewScope()
	t.Cleanup(end)
	return scope, end
}

// Do runs a request that has to succeed.
func Do(t testing.TB, s *storage.Service, r storage.Request) storage.Result {
	t.Helper()
	return DoIn(t, s, nil, r)
}

// DoIn is Do for a request's scope.
func DoIn(t testing.TB, s *storage.Service, scope *abi.Scope, r storage.Request) storage.Result {
	t.Helper()
	result, err := s.Do(service.Call{Scope: scope}, r)
	if err != nil {
		t.Fatalf("%T: %v", r, Describe(err))
	}
	return result
}

// Fails runs a request that has to fail with one of the statuses.
func Fails(t testing.TB, s *storage.Service, scope *abi.Scope, r storage.Request, want ...abi.Status) *service.Error {
	t.Helper()
	_, err := s.Do(service.Call{Scope: scope}, r)
	for _, status := range want {
		if errors.Is(err, status) {
			return service.ErrorOf(err)
		}
	}
	if err == nil {
		t.Fatalf("%T succeeded; %v was to be expected", r, want)
	}
	t.Fatalf("%T: %s; %v was to be expected", r, Describe(err), want)
	return nil
}

// Describe is an error with its status and code.
func Describe(err error) string {
	if err == nil {
		return "no error"
	}
	e := service.ErrorOf(err)
	return e.Status.String() + " " + e.Code + ": " + e.Message
}
