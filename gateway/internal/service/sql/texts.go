package sql

import "sync"

// texts remembers statements that write, so that the next time they go to the
// writer at once. It is a hint: a reader finds out by itself.
type texts struct {
	mu    sync.RWMutex
	known map[string]struct{}
}

const maxTexts = 1024

func (t *texts) have(list []Statement) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for n := range list {
		if _, ok := t.known[list[n].Text]; ok {
			return true
		}
	}
	return false
}

// add remembers the statement of a query. Which one of a batch wrote is not
// known.
func (t *texts) add(list []Statement) {
	if len(list) != 1 || len(list[0].Text) > 4<<10 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil || len(t.known) >= maxTexts {
		t.known = map[string]struct{}{}
	}
	t.known[list[0].Text] = struct{}{}
}
