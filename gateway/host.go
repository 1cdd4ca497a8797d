package gateway

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// host is what the callbacks of one instance reach.
type host struct {
	g        *Gateway
	endpoint string
	version  string
	bindings map[string]*service.Handle // by local name

	mu     sync.Mutex
	missed []string // names that were asked for and are not bound
}

func (h *host) Log(level slog.Level, requestID, message string) {
	attrs := []slog.Attr{slog.String("endpoint", h.endpoint), slog.String("version", h.version)}
	if requestID != "" {
		attrs = append(attrs, slog.String("request_id", requestID))
	}
	h.g.opts.Log.LogAttrs(context.Background(), level, message, attrs...)
}

// Service finds what the library of an instance asks for.
func (h *host) Service(id, name string) (abi.Service, abi.Status) {
	if s, ok := h.g.builtin[id]; ok {
		return s, abi.OK
	}
	if !knownID(id) {
		return nil, abi.ErrUnsupported
	}
	bound, ok := h.Binding(name)
	if !ok {
		return nil, abi.ErrDenied
	}
	return bound.As(id), abi.OK
}

// Binding finds a service for a handler that is a function of this program.
func (h *host) Binding(name string) (*service.Handle, bool) {
	bound, ok := h.bindings[name]
	if !ok && h.missedFirst(name) {
		h.g.opts.Log.Warn("the handler asks for a service that its endpoint is not bound to", "endpoint", h.endpoint, "version", h.version,
			"name", name, "bound", strings.Join(slices.Sorted(maps.Keys(h.bindings)), ", "))
	}
	return bound, ok
}

// missedMost is how many names are told: a handler could make them up.
const missedMost = 8

// missedFirst tells whether a name that there is not is asked for the first
// time.
func (h *host) missedFirst(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.missed) == missedMost || slices.Contains(h.missed, name) {
		return false
	}
	h.missed = append(h.missed, name)
	return true
}

func knownID(id string) bool {
	return slices.Contains([]string{abi.SQLID, abi.CacheID, abi.StorageID, abi.EmailID, abi.HTTPID}, id)
}

// bindings finds the handles that an endpoint may use, by local name.
func (g *Gateway) bindings(spec *Endpoint) map[string]*service.Handle {
	handles := make(map[string]*service.Handle, len(spec.Services))
	for local, name := range spec.Services {
		handles[local] = g.services.handle(name)
	}
	return handles
}
