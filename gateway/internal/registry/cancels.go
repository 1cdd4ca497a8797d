package registry

import "sync"

// A handler is told of so many requests at a time that nobody waits for them
// any more: whoever tells it may not come back. The others wait, up to as many
// as there can be; that is advice, and not owed.
const (
	cancelsMost = 4
	cancelQueue = 1 << 16
)

// Cancels are the tokens of requests that the handler of an instance is to be
// told of. Each is held by a guard of the instance.
type Cancels struct {
	mu      sync.Mutex
	waiting []uint64
	running int
}

// Add takes a token; false if there are too many. start: the caller has to see
// to it that somebody asks Next until there is none.
func (c *Cancels) Add(token uint64) (start, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) == cancelQueue {
		return false, false
	}
	c.waiting = append(c.waiting, token)
	if c.running == cancelsMost {
		return false, true
	}
	c.running++
	return true, true
}

// Next is the one that has waited longest; false if there is none, and then the
// caller is done.
func (c *Cancels) Next() (token uint64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) == 0 {
		c.running--
		c.waiting = nil
		return 0, false
	}
	token = c.waiting[0]
	c.waiting = c.waiting[1:]
	return token, true
}
