package gateway

import (
	"context"
	"fmt"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/isolate"
	"github.com/edge-gateway/edge-gateway/gateway/internal/registry"
)

// Main does not return if the process is one that a gateway has started to run
// an isolated endpoint. A program that serves such endpoints calls it before
// anything else in main, and in TestMain of its tests.
func Main() { isolate.Main() }

// isolate starts an instance in a process of its own.
func (g *Gateway) isolate(ctx context.Context, e *registry.Endpoint, spec *Endpoint, v version, h abi.Host, isGo bool) (registry.Module, error) {
	limits := spec.Limits.withDefaults()
	m, err := isolate.Start(ctx, isolate.Options{
		Endpoint: spec.Name, Config: spec.Config, Trial: g.opts.Trial,
		Library: v.path, Digest: v.digest, Go: isGo,
		Host: h, Memory: g.memory, MaxMemory: g.opts.MaxMemory,
		Threads: limits.MaxNative, MaxStuck: func() int64 {
			if now := e.Limits(); now != nil { // which may have changed
				return now.MaxStuck
			}
			return limits.MaxStuck
		},
		Limits: isolate.Limits(spec.Process),
		Data:   g.dir.Path(), Instances: g.dir.Instances(), Log: g.opts.Log,
		Ended: func(exit isolate.Exit) {
			if g.opts.Ended == nil {
				return
			}
			g.opts.Ended(ProcessExit{
				Endpoint: spec.Name, Version: v.digest, Pid: exit.Pid, Status: exit.Status, Output: exit.Output, Printed: exit.Printed,
				Hung: exit.Hung, Outside: exit.Outside, Lost: exit.Lost, Recorded: exit.Recorded,
			})
		},
	})
	if err != nil {
		return nil, fmt.Errorf("library %q: %w", spec.Library, err)
	}
	return m, nil
}

// isolationOf is the report of a module's process; nil if it has none.
func isolationOf(m registry.Module) *IsolationReport {
	isolated, ok := m.(*isolate.Module)
	if !ok {
		return nil
	}
	r := IsolationReport(isolated.State())
	return &r
}
