package gofunc_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/gofunc"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// host lends services by name.
type host struct{ bound sync.Map } // *service.Handle

func (*host) Service(string, string) (abi.Service, abi.Status) { return nil, abi.ErrUnsupported }
func (*host) Log(slog.Level, string, string)                   {}

func (h *host) Binding(name string) (*service.Handle, bool) {
	handle, ok := h.bound.Load(name)
	if !ok {
		return nil, false
	}
	return handle.(*service.Handle), true
}

// lend starts a service with the defaults of its kind, until the end of the
// test.
func (h *host) lend(t *testing.T, name, kind string, open func(service.Spec, service.Env) (service.Service, error), options config.Options) *service.Handle {
	t.Helper()
	driver := config.Kinds[slices.IndexFunc(config.Kinds, func(k config.Kind) bool { return k.Name == kind })].Drivers[0]
	complete := config.Options{}
	for _, o := range driver.Options {
		if complete[o.Name] = o.Default; options[o.Name] != nil {
			complete[o.Name] = options[o.Name]
		}
	}
	s, err := open(service.Spec{
		Name: name, Kind: kind, Driver: driver.Name, Options: complete,
		Workers: driver.Workers, Mailbox: 256, Timeout: driver.Timeout,
	}, service.Env{
		Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler),
		Lookup: func(name string) (*service.Handle, bool) { return h.Binding(name) },
	})
	if err != nil {
		t.Fatal(err)
	}
	handle := h.put(name, s)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := handle.Set(nil).Close(ctx); err != nil {
			t.Errorf("close %s: %v", name, err)
		}
	})
	return handle
}

func (h *host) put(name string, s service.Service) *service.Handle {
	handle := &service.Handle{Name: name}
	handle.Set(s)
	h.bound.Store(name, handle)
	return handle
}

// run has a handler answer one request, and fails with what it fails with.
func (h *host) run(t *testing.T, handler func(r *edge.Request) error) {
	t.Helper()
	if err := h.within(t, 10*time.Second, handler); err != nil {
		t.Error(err)
	}
}

// within is run with a deadline, and returns what the handler fails with.
func (h *host) within(t *testing.T, limit time.Duration, handler func(r *edge.Request) error) error {
	t.Helper()
	memory, err := abi.NewMemory(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	f, err := memory.Acquire()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	f.SetMeta(now, now.Add(limit))
	if err := f.SetText(abi.TextRequestID, []byte("r-1")); err != nil {
		t.Fatal(err)
	}
	if err := f.AddHeader([]byte("TraceParent"), []byte("00-trace-1")); err != nil {
		t.Fatal(err)
	}
	var failed error
	status := gofunc.New(func(r *edge.Request) (*edge.Response, error) {
		if failed = handler(r); failed != nil {
			return nil, failed
		}
		return edge.Text(200, ""), nil
	}, nil, h).Enter(f)
	if failed == nil && status != abi.OK {
		t.Errorf("entry %v", status)
	}
	f.Answered(f.Token())
	f.Release()
	return failed
}
