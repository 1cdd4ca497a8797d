// Package sqltest holds the cases that every driver of the kind "sql" has to
// pass.
package sqltest

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

// Opener is the constructor of a driver.
type Opener func(service.Spec, service.Env) (service.Service, error)

// Spec is a service with small limits for tests; change may alter it.
func Spec(driver string, options config.Options, change ...func(*service.Spec)) service.Spec {
	s := service.Spec{
		Name: "db", Kind: "sql", Driver: driver, Workers: 4, Mailbox: 256, Timeout: 10 * time.Second,
		Options: config.Options{
			"max_rows": int64(1000), "max_bytes": int64(80 << 20), "tx_idle": 5 * time.Second,
			"connect_timeout": 2 * time.Second,
		},
	}
	for name, value := range options {
		s.Options[name] = value
	}
	for _, f := range change {
		f(&s)
	}
	return s
}

// Start opens a service that the test's end closes; it has to end in time.
func Start(t testing.TB, open Opener, spec service.Spec, dir string) *sql.Service {
	t.Helper()
	s, err := open(spec, service.Env{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
		if n := s.Stats().Connections; n != 0 {
			t.Errorf("%d connections are left", n)
		}
	})
	return s.(*sql.Service)
}

// Client uses a service as one request would.
type Client struct {
	*sql.Service
	T        testing.TB
	Scope    *abi.Scope
	End      func() // answers the request
	Deadline time.Duration
}

// Background is a client outside any request.
func Background(t testing.TB, s *sql.Service) *Client { return &Client{Service: s, T: t} }

// Request is a client with a request of its own, which the test's end ends.
func Request(t testing.TB, s *sql.Service) *Client {
	c := Background(t, s)
	c.Scope, c.End = abi.NewScope()
	t.Cleanup(c.End)
	return c
}

// Send submits a request; the result waits for its outcome.
func (c *Client) Send(r sql.Request) (wait func() (sql.Result, error)) {
	type outcome struct {
		r   sql.Result
		err error
	}
	done := make(chan outcome, 2)
	call := service.Call{Scope: c.Scope}
	if c.Deadline > 0 {
		call.Deadline = time.Now().Add(c.Deadline)
	}
	c.Submit(call, r, func(r sql.Result, err error) { done <- outcome{r, err} })
	return func() (sql.Result, error) {
		select {
		case o := <-done:
			return o.r, o.err
		case <-time.After(30 * time.Second):
			return sql.Result{}, errors.New("no answer in 30 s")
		}
	}
}

// Do runs a request.
func (c *Client) Do(r sql.Request) (sql.Result, error) { return c.Send(r)() }

// Try runs a statement.
func (c *Client) Try(text string, params ...sql.Value) (sql.Result, error) {
	return c.Do(sql.Do(text, params...))
}

// Must runs a statement that has to succeed.
func (c *Client) Must(text string, params ...sql.Value) sql.Result {
	c.T.Helper()
	r, err := c.Try(text, params...)
	if err != nil {
		c.T.Fatalf("%s: %v", text, err)
	}
	return r
}

// Op runs an operation without arguments that has to succeed.
func (c *Client) Op(op sql.Op) {
	c.T.Helper()
	if _, err := c.Do(sql.Request{Op: op}); err != nil {
		c.T.Fatalf("operation %d: %v", op, err)
	}
}

// Number runs a query for one number.
func (c *Client) Number(text string, params ...sql.Value) int64 {
	c.T.Helper()
	r := c.Must(text, params...)
	if len(r.Values) != 1 {
		c.T.Fatalf("%s: %d values", text, len(r.Values))
	}
	return r.Values[0].Int64()
}

// Want checks the status of an error, and its code unless that is "".
func Want(t testing.TB, err error, status abi.Status, code string) *service.Error {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", status)
	}
	e := service.ErrorOf(err)
	if e.Status != status || code != "" && e.Code != code {
		t.Fatalf("got %s %q %q, want %s %q", e.Status, e.Code, e.Message, status, code)
	}
	return e
}
