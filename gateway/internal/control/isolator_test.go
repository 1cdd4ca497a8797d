package control

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// isolator is a worker in which versions answer from where they always did,
// while it tells of the processes that the snapshot asks for: what runs in them
// is the business of other tests.
type isolator struct {
	*gateway.Gateway

	mu     sync.Mutex
	served gateway.Snapshot
	memory map[versionOfEndpoint]int64     // of processes; 10 MiB if it is not said
	began  map[versionOfEndpoint]time.Time // of processes
	refuse func(gateway.Endpoint) error    // of Apply, for each endpoint; may be nil
}

// withIsolator opens a box with one.
func withIsolator(t testing.TB, dir string, options ...func(*Options)) (*box, *isolator) {
	t.Helper()
	w := &isolator{memory: map[versionOfEndpoint]int64{}, began: map[versionOfEndpoint]time.Time{}}
	b := open(t, dir, append(options, func(o *Options) {
		w.Gateway = o.Worker.(*gateway.Gateway)
		o.Worker = w
	})...)
	return b, w
}

func (w *isolator) Apply(ctx context.Context, s gateway.Snapshot) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range s.Endpoints {
		if w.refuse == nil {
			break
		}
		if err := w.refuse(e); err != nil {
			return &gateway.EndpointError{Endpoint: e.Name, Err: err}
		}
	}
	plain := s
	plain.Endpoints = slices.Clone(s.Endpoints)
	for i := range plain.Endpoints {
		e := &plain.Endpoints[i]
		if e.Isolated = false; e.Canary != nil {
			canary := *e.Canary
			canary.Isolated, e.Canary = false, &canary
		}
	}
	if err := w.Gateway.Apply(ctx, plain); err != nil {
		return err
	}
	w.served = s
	began := map[versionOfEndpoint]time.Time{}
	for v := range w.isolated() {
		if began[v] = w.began[v]; began[v].IsZero() {
			began[v] = time.Now()
		}
	}
	w.began = began
	return nil
}

// isolated are the versions that are to have a process. w.mu is held.
func (w *isolator) isolated() map[versionOfEndpoint]bool {
	all := map[versionOfEndpoint]bool{}
	for _, e := range w.served.Endpoints {
		if e.Isolated && e.Library != "" {
			all[versionOfEndpoint{e.Name, digestOf(e.Library)}] = true
		}
		if e.Canary != nil && e.Canary.Isolated {
			all[versionOfEndpoint{e.Name, digestOf(e.Canary.Library)}] = true
		}
	}
	return all
}

// inProcess lists the endpoints of which a version has a process.
func (w *isolator) inProcess() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	names := map[string]bool{}
	for v := range w.isolated() {
		names[v.endpoint] = true
	}
	return slices.Sorted(maps.Keys(names))
}

func (w *isolator) has(endpoint, version string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.isolated()[versionOfEndpoint{endpoint, version}]
}

func (w *isolator) refuses(f func(gateway.Endpoint) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refuse = f
}

// endpoint is one as it is served.
func (w *isolator) endpoint(name string) gateway.Endpoint {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.served.Endpoints {
		if e.Name == name {
			return e
		}
	}
	return gateway.Endpoint{}
}

func (w *isolator) Report() gateway.Report {
	r := w.Gateway.Report()
	w.mu.Lock()
	defer w.mu.Unlock()
	isolated := w.isolated()
	for i, e := range r.Endpoints {
		for j := range e.Versions {
			v := versionOfEndpoint{e.Name, e.Versions[j].Version}
			if !isolated[v] {
				continue
			}
			memory, said := w.memory[v]
			if !said {
				memory = 10 << 20
			}
			r.Endpoints[i].Versions[j].Process = &gateway.IsolationReport{Pid: 4711, Started: w.began[v], Memory: memory, Bounds: []string{"memory: by a test"}}
		}
	}
	return r
}
