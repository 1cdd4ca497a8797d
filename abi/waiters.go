package abi

import "sync/atomic"

// waiters are the threads that take the messages of a ring, as far as both sides
// have to know of them. A thread looks for messages until there are none, and
// sleeps then; one that has found a request does not look until that is done.
//
// Whoever sends a message wakes a thread only if none looks. None is missed: a
// sender stores the message before it reads looking, and a thread that looks no
// longer says so before it reads the ring for the last time. All of these are
// sequentially consistent, so that one of the two sees what the other has done.
type waiters struct {
	looking atomic.Int32  // threads that look, or will: they have a permit, or are new
	asleep  atomic.Int32  // threads that wait for a permit, or are about to
	permits atomic.Uint32 // that no thread has taken yet
}

// look makes the caller one of those that look.
func (w *waiters) look() { w.looking.Add(1) }

// leave is for a thread that does something else for a while. It has another one
// look, if there is a message.
func (w *waiters) leave(r *receiver) {
	w.looking.Add(-1)
	if !r.empty() && w.unwatched() {
		w.rouse()
	}
}

// unwatched tells whether no thread looks.
func (w *waiters) unwatched() bool { return w.looking.Load() <= 0 }

// rouse has one more thread look; false if none is asleep.
func (w *waiters) rouse() bool {
	if !w.call() {
		return false
	}
	w.permits.Add(1)
	wake(&w.permits)
	return true
}

// call makes one of those that are asleep one that looks.
func (w *waiters) call() bool {
	for range tries {
		n := w.asleep.Load()
		if n <= 0 {
			return false
		}
		if w.asleep.CompareAndSwap(n, n-1) {
			w.looking.Add(1)
			return true
		}
	}
	return false
}

// next takes a message, for a thread that looks, and waits for one.
func (w *waiters) next(r *receiver, m *message) {
	for !r.receive(m) {
		w.asleep.Add(1)
		w.looking.Add(-1)
		// If somebody has called this one already, there is a permit for it.
		if r.empty() || !w.call() {
			w.permit()
		}
	}
}

// permit waits for one, and takes it.
func (w *waiters) permit() {
	for {
		if n := w.permits.Load(); n == 0 {
			sleep(&w.permits)
		} else if w.permits.CompareAndSwap(n, n-1) {
			return
		}
	}
}
