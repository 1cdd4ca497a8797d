package gateway

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/abi/inspect"
	"github.com/edge-gateway/edge-gateway/gateway/internal/gofunc"
	"github.com/edge-gateway/edge-gateway/gateway/internal/registry"
)

// version is an immutable library, kept in the data directory.
type version struct {
	path   string
	digest string
	size   int64
}

// version keeps the library of an endpoint.
func (g *Gateway) version(spec *Endpoint) (version, error) {
	if spec.Handler != nil {
		return version{digest: "go-function"}, nil
	}
	path, digest, err := g.dir.Keep(spec.Library)
	if err != nil {
		return version{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return version{}, fmt.Errorf("size of library %q: %w", spec.Library, err)
	}
	return version{path, digest, info.Size()}, nil
}

// look finds what can be known of the library without running any of it, and
// whether it still has the bytes that it was kept with. A disk that has lost some
// of them would cost the whole process, at each start.
func (v version) look() (*inspect.Report, error) {
	report, err := inspect.File(v.path)
	if err == nil {
		err = report.Check(inspect.Host())
	}
	if err != nil {
		return nil, err
	}
	if is := hex.EncodeToString(report.Digest[:]); is != v.digest {
		return nil, fmt.Errorf("the file is damaged: its SHA-256 is %s and was %s; upload or build it again", is, v.digest)
	}
	return report, nil
}

// identity tells whether an instance does for an endpoint as it is now to be.
// Functions cannot be compared, so a Go handler always is a new one.
func (v version) identity(spec *Endpoint) string {
	if v.path == "" {
		return ""
	}
	var b strings.Builder
	b.WriteString(v.digest)
	for _, settings := range []map[string]string{spec.Config, spec.Services} {
		for _, name := range slices.Sorted(maps.Keys(settings)) {
			fmt.Fprintf(&b, "\x00%s\x00%s", name, settings[name])
		}
		b.WriteString("\x01")
	}
	if spec.Isolated {
		fmt.Fprintf(&b, "isolated %+v %d", spec.Process, spec.Limits.withDefaults().MaxNative)
	}
	return b.String()
}

// What a gateway logs at [slog.LevelDebug] before it runs code of a library that
// it has not run before: it may not get back from there.
const (
	LogLoading  = "a library is loaded: its constructors run"
	LogStarting = "a handler is started: its handler_init runs"
)

// LogLoaded is logged at the same level when it did get back.
const LogLoaded = "a handler has started"

// load starts an instance, after everything that can be known of the library
// without running any of it was checked.
func (g *Gateway) load(ctx context.Context, e *registry.Endpoint, spec *Endpoint, v version) (registry.Module, error) {
	h := &host{g: g, endpoint: spec.Name, version: v.digest[:min(12, len(v.digest))], bindings: g.bindings(spec)}
	if spec.Handler != nil {
		return gofunc.New(spec.Handler, spec.Config, h), nil
	}
	report, err := g.look(v)
	if err != nil {
		return nil, fmt.Errorf("library %q cannot be loaded: %w", spec.Library, err)
	}
	if spec.Isolated {
		return g.isolate(ctx, e, spec, v, h, report.Go)
	}
	log := g.opts.Log.With("endpoint", spec.Name, "version", h.version)
	log.Debug(LogLoading)
	library, err := g.opts.Recorder.Open(v.path, g.dir.Instances(), report.Go, spec.Name, v.digest)
	if errors.Is(err, abi.ErrNoExec) {
		return nil, fmt.Errorf("library %q: %w; choose another data directory with --data", spec.Library, err)
	}
	if errors.Is(err, abi.ErrGoFull) {
		return nil, fmt.Errorf("library %q: %w, or have this endpoint run in a process of its own: isolation = \"process\"", spec.Library, err)
	}
	if err != nil {
		return nil, fmt.Errorf("library %q: %w", spec.Library, err)
	}
	log.Debug(LogStarting)
	instance, err := abi.Start(library, abi.Options{
		Endpoint: spec.Name, Config: spec.Config, Trial: g.opts.Trial, Host: h, Memory: g.memory,
	})
	if err != nil {
		return nil, fmt.Errorf("library %q: %w", spec.Library, err)
	}
	log.Debug(LogLoaded)
	return instance, nil
}
