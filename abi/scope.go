package abi

import "sync"

// Scope is the life of a request as its operations see it: from its first
// operation until it is answered, which may be before its native code has
// returned. What a service keeps for a request, such as a transaction, hangs
// on it. Safe for use from every goroutine.
type Scope struct {
	generation uint64

	mu     sync.Mutex
	ended  bool
	ends   []func()
	values map[any]any
}

// NewScope makes the scope of a request that has no frame, such as one that Go
// code answers. end ends it.
func NewScope() (s *Scope, end func()) {
	s = &Scope{}
	return s, s.end
}

// OnEnd has f run when the request is answered; false if it has been, and f
// will not run. f must not block.
func (s *Scope) OnEnd(f func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	s.ends = append(s.ends, f)
	return true
}

// Ended tells whether the request has been answered.
func (s *Scope) Ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// Value is what was kept under key; make, unless nil, makes it when there is
// none yet.
func (s *Scope) Value(key any, make func() any) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.values[key]
	if v == nil && make != nil {
		if s.values == nil {
			s.values = map[any]any{}
		}
		v = make()
		s.values[key] = v
	}
	return v
}

func (s *Scope) end() {
	s.mu.Lock()
	ends := s.ends
	s.ends, s.ended = nil, true
	s.mu.Unlock()
	for _, f := range ends {
		f()
	}
}

// Scope is the scope of the request in the frame, made when first asked for;
// nil if the request is over. By whoever may use the frame.
func (f *Frame) Scope() *Scope { return f.scopeOf(f.generation()) }

// scopeOf finds or makes the scope of one generation. A thread of the library
// may ask while the request ends: whoever publishes a scope looks at the
// generation afterwards, and Release looks at the scope after it has changed
// the state, so that one of the two ends it.
func (f *Frame) scopeOf(generation uint64) *Scope {
	for {
		s := f.scope.Load()
		if s != nil && s.generation == generation {
			return s
		}
		if s == nil {
			s = &Scope{generation: generation}
			if !f.scope.CompareAndSwap(nil, s) {
				continue
			}
		}
		if w := f.control.Load(); w>>stateBits == s.generation && w&stateMask != stateFree {
			if s.generation == generation {
				return s
			}
			return nil // the request that asks is over
		}
		if f.scope.CompareAndSwap(s, nil) {
			s.end()
		}
		if f.generation() != generation || f.control.Load()&stateMask == stateFree {
			return nil
		}
	}
}

// Answered ends the scope of the request that a token names: its client has its
// answer, or will not get one. The frame may still be in use, or be another
// request's by now.
func (f *Frame) Answered(token uint64) {
	if s := f.scope.Load(); s != nil && s.generation == token>>slotBits {
		s.end()
	}
}

func (f *Frame) endScope() {
	if s := f.scope.Load(); s != nil && f.scope.CompareAndSwap(s, nil) {
		s.end()
	}
}
