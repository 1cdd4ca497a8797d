package isolate

import (
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
)

// waiting is a request that waits for a process. Its frame is nobody else's to
// complete, so it stays until it was handed over, or lost, even if its client
// has been answered meanwhile.
type waiting struct {
	frame *abi.Frame
	token uint64
}

// waitMost is how many may.
const waitMost = 10_000

// wait has a request wait for the next process. done is false if there is one
// by now; else status is what the entry returns.
func (m *Module) wait(f *abi.Frame) (status abi.Status, done bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.live.Load() != nil {
		return 0, false
	}
	if m.refusing || len(m.queue) >= waitMost {
		return abi.ErrUnavailable, true
	}
	m.queue = append(m.queue, waiting{f, f.Token()})
	return abi.Pending, true
}

// leave completes a request that waits, and tells whether it did.
func (m *Module) leave(token uint64) bool {
	m.mu.Lock()
	for n, w := range m.queue {
		if w.token == token {
			m.queue = append(m.queue[:n:n], m.queue[n+1:]...)
			m.mu.Unlock()
			w.frame.Lose(token, abi.ErrCanceled)
			return true
		}
	}
	m.mu.Unlock()
	return false
}

// put makes a process the one that requests go to, first those that wait.
func (m *Module) put(c *child) {
	m.mu.Lock()
	m.refusing, m.bounds = false, c.bounds
	m.newest.Store(c.remote)
	if c.gone {
		m.mu.Unlock()
		return // they wait for the next one
	}
	queue := m.queue
	m.queue = nil
	m.live.Store(c)
	m.mu.Unlock()
	if c.remote.Hold() { // else the process has ended, and they wait again
		defer c.remote.Let()
	}
	now := time.Now()
	for _, w := range queue {
		status := abi.ErrDeadline
		if _, deadline := w.frame.Times(); deadline.After(now) {
			status = m.Enter(w.frame)
		}
		if status != abi.Pending {
			w.frame.Lose(w.token, status)
		}
	}
}

// take makes sure that no request goes to a process any more.
func (m *Module) take(c *child) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c.gone = true
	m.live.CompareAndSwap(c, nil)
}

// refuse has requests not wait, from now on and until there is a process. It is
// too late if there is one by now.
func (m *Module) refuse() {
	m.mu.Lock()
	if m.live.Load() != nil {
		m.mu.Unlock()
		return
	}
	queue := m.queue
	m.queue, m.refusing = nil, true
	m.mu.Unlock()
	for _, w := range queue {
		w.frame.Lose(w.token, abi.ErrUnavailable)
	}
}
