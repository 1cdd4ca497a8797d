package service

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/edge-gateway/edge-gateway/abi"
)

// Handle is a service as endpoints hold it: the name stays while the service
// behind it is replaced, taken away and put back.
type Handle struct {
	Name string

	refused atomic.Uint64 // operations

	mu      sync.RWMutex // held for reading while an operation is started
	current Service      // nil: not active
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
// which nobody is about to use any more and which is the caller's to close.
func (h *Handle) Set(s Service) Service {
	h.mu.Lock()
	defer h.mu.Unlock()
	old := h.current
	h.current = s
	return old
}
