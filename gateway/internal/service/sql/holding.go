package sql

import (
	"sync"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// holding is what a request holds on a service: a transaction and cursors. It
// goes by the service's name, so that a request keeps them when the service is
// replaced meanwhile.
type holding struct {
	mu       sync.Mutex
	ended    bool
	sessions map[*session]struct{}
	tx       *session            // the one with the transaction, open or about to be
	cursors  map[uint64]*session // by their ids
	// lost is why the request's transaction ended without its doing. Until it
	// has been told by COMMIT or ROLLBACK, nothing else runs: what was meant for
	// the transaction must not run without it.
	lost *service.Error
	// retry lets BEGIN run nevertheless: the transaction never began.
	retry bool
}

// holdingOf is the key of a service's holding in a scope.
type holdingOf string

// find is what a request holds; nil if nothing was ever held.
func (s *Service) find(scope *abi.Scope) *holding {
	if scope == nil {
		return nil
	}
	h, _ := scope.Value(s.key, nil).(*holding)
	return h
}

// hold makes sure that a request can hold something; nil if it is over.
func (s *Service) hold(scope *abi.Scope) *holding {
	made := false
	h := scope.Value(s.key, func() any {
		made = true
		return &holding{sessions: map[*session]struct{}{}, cursors: map[uint64]*session{}}
	}).(*holding)
	if made && !scope.OnEnd(h.end) {
		h.end()
	}
	return h
}

// InTransaction tells whether the request has a transaction on the service:
// operations with this scope run in it.
func (s *Service) InTransaction(scope *abi.Scope) bool {
	h := s.find(scope)
	if h == nil {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tx != nil && !h.tx.concluded()
}

// take runs an operation where the request has to have it run: in a session, or
// not at all for the reason why. false: anywhere.
func (h *holding) take(o *operation) (taken bool, why *service.Error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.ended:
		return true, errAnswered
	case o.Op == OpNext || o.Op == OpClose:
		if x := h.cursors[o.Cursor]; x != nil {
			return x.post(o)
		}
		return false, nil
	case h.tx != nil:
		return h.tx.post(o)
	case h.lost == nil, h.retry && o.Op == OpBegin:
		return false, nil
	}
	why = h.lost
	if o.Op == OpCommit || o.Op == OpRollback {
		h.lost, h.retry = nil, false
	}
	return true, why
}

var errAnswered = service.Errorf(abi.ErrCanceled, "the request has been answered")

// add starts to hold a session; the error says why not.
func (h *holding) add(x *session) *service.Error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.ended:
		return errAnswered
	case x.first.Op == OpBegin && h.tx != nil && !h.tx.concluded():
		return errBegun
	case x.first.Op == OpBegin:
		h.tx, h.lost, h.retry = x, nil, false
	}
	h.sessions[x] = struct{}{}
	return nil
}

var errBegun = service.Errorf(abi.ErrConflict, "the request has a transaction on this service already")

// drop ends holding a session. lost, unless nil, is what the transaction's
// operations get to know from now on.
func (h *holding) drop(x *session, lost *service.Error, retry bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sessions, x)
	for id, of := range h.cursors {
		if of == x {
			delete(h.cursors, id)
		}
	}
	if h.tx != x {
		return
	}
	h.tx, h.lost, h.retry = nil, lost, retry
	if x.concluded() {
		h.lost = nil
	}
}

// miss lets the transaction fail, since it will miss an operation.
func (h *holding) miss() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.tx != nil {
		h.tx.miss()
	}
}

func (h *holding) setCursor(id uint64, x *session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if x == nil {
		delete(h.cursors, id)
	} else {
		h.cursors[id] = x
	}
}

// end is called when the request has been answered.
func (h *holding) end() {
	h.mu.Lock()
	h.ended = true
	sessions := h.sessions
	h.sessions = nil
	h.mu.Unlock()
	for x := range sessions {
		x.end()
	}
}
