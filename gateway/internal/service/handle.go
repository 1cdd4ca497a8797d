package service

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/actor"
)

// Handle is a service as endpoints hold it: the name stays while the service
// behind it is replaced, taken away and put back.
type Handle struct {
	Name string

	refused atomic.Uint64 // operations

	mu      sync.RWMutex // held for reading while an operation is started
	current Service      // nil: not active
	leaving []Service    // replaced, and not closed yet
	past    actor.Stats  // counts of those closed
}

// Refuse counts an operation that found no active service, and says so.
func (h *Handle) Refuse() string {
	h.refused.Add(1)
	return fmt.Sprintf("service %q is not active: it is not enabled, or was taken away", h.Name)
}

// Refused is how many operations found no active service.
func (h *Handle) Refused() uint64 { return h.refused.Load() }

// As gives an endpoint's library the service, taken for one with an ABI id.
func (h *Handle) As(id string) *Binding { return &Binding{h, id} }

// Binding is a service as a library asked for it.
type Binding struct {
	*Handle
	id string
}

// Start begins an operation, if the service is active and of the kind that the
// library takes it for: both may change while the library holds it.
func (b *Binding) Start(op *abi.Operation) {
	active := b.With(func(s Service) {
		if s.ID() != b.id {
			Finish(op, nil, Mistaken(b.Name, s, b.id))
			return
		}
		s.Start(op)
	})
	if !active {
		op.Fail(abi.ErrUnavailable, abi.Failure{Message: b.Refuse()})
	}
}

// With has use start something on the service; false if there is none. use must
// not block: Set waits for it, so that a service is closed only when nobody is
// about to use it.
func (h *Handle) With(use func(Service)) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.current == nil {
		return false
	}
	use(h.current)
	return true
}

// Set replaces the service, by nil to take it away, and returns the old one,
// which nobody is about to use any more and which is the caller's to close: Closed
// then says so.
func (h *Handle) Set(s Service) Service {
	h.mu.Lock()
	defer h.mu.Unlock()
	old := h.current
	h.current = s
	if old != nil {
		h.leaving = append(h.leaving, old)
	}
	return old
}

// Closed says that a service that Set returned is closed.
func (h *Handle) Closed(s Service) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := slices.Index(h.leaving, s); n >= 0 {
		h.leaving = slices.Delete(h.leaving, n, n+1)
		h.past = h.past.Add(s.Stats().Ended())
	}
}

// Stats adds up what the service is doing and what those before it under this
// name did and still do.
func (h *Handle) Stats() (stats actor.Stats, active bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	stats = h.past
	for _, s := range h.leaving {
		old := s.Stats()
		old.Fault = nil // not that of the service as it is now
		stats = stats.Add(old)
	}
	if h.current != nil {
		stats = stats.Add(h.current.Stats())
	}
	return stats, h.current != nil
}
