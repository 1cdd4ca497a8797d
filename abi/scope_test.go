package abi

import (
	"sync"
	"sync/atomic"
	"testing"
)

func TestAScopeEndsWhenItsRequestIsAnswered(t *testing.T) {
	m := newMemory(t, 1<<20)
	f, err := m.Acquire()
	if err != nil {
		t.Fatal(err)
	}
	s := f.Scope()
	if s == nil || f.Scope() != s {
		t.Fatal("a request has one scope")
	}
	made := 0
	for range 2 {
		if v := s.Value("key", func() any { made++; return 7 }); v != 7 {
			t.Errorf("got %v", v)
		}
	}
	ended := 0
	if !s.OnEnd(func() { ended++ }) || made != 1 || s.Ended() {
		t.Errorf("made %d, ended %v", made, s.Ended())
	}
	f.Answered(f.Token() + 1<<slotBits) // another request's
	if ended != 0 {
		t.Error("ended by the token of another request")
	}
	f.Answered(f.Token())
	f.Answered(f.Token())
	if ended != 1 || !s.Ended() || s.OnEnd(func() { t.Error("ran late") }) {
		t.Errorf("ended %d times", ended)
	}
	if f.Scope() != s {
		t.Error("an answered request got another scope")
	}
	f.Release()
	if ended != 1 {
		t.Errorf("ended %d times", ended)
	}
	if f.Scope() != nil {
		t.Error("a request that is over has a scope")
	}
}

func TestReleaseEndsAScope(t *testing.T) {
	m := newMemory(t, 1<<20)
	f, _ := m.Acquire()
	ended := false
	f.Scope().OnEnd(func() { ended = true })
	f.Release()
	if !ended {
		t.Error("not ended")
	}
	again, _ := m.Acquire()
	for again != f {
		again, _ = m.Acquire()
	}
	if again.Scope().Ended() {
		t.Error("the next request got an ended scope")
	}
	again.Release()
}

// Threads of a library may use a token while its request ends, and after: every
// scope that anybody got ends, and none is another request's.
func TestScopesEndWhoeverAsksForThem(t *testing.T) {
	m := newMemory(t, 1<<20)
	f, _ := m.Acquire()
	generation := atomic.Uint64{}
	generation.Store(f.generation())
	var stop atomic.Bool
	var opened, ended atomic.Int64
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for !stop.Load() {
				g := generation.Load()
				s := f.scopeOf(g)
				if s == nil {
					continue
				}
				if s.generation != g {
					t.Error("the scope of another request")
				}
				opened.Add(1)
				if !s.OnEnd(func() { ended.Add(1) }) {
					ended.Add(1)
				}
			}
		})
	}
	for range 20_000 {
		f.Release()
		for next, err := m.Acquire(); ; next, err = m.Acquire() {
			if err != nil {
				t.Error(err)
				break
			}
			if next == f {
				break
			}
		}
		generation.Store(f.generation())
	}
	stop.Store(true)
	all.Wait()
	f.Release()
	if opened.Load() != ended.Load() {
		t.Errorf("%d opened, %d ended", opened.Load(), ended.Load())
	}
}
