package logs

import "sync"

// queueMost is how many bytes of lines wait to be written.
const queueMost = 4 << 20

// queue has the lines that wait to be written, one after the other. Whoever
// logs adds to it under a lock that is held for no longer than a copy takes.
type queue struct {
	filled chan struct{} // has one while there may be something to take

	mu     sync.Mutex
	most   int
	lines  []byte
	spare  []byte // for lines, once those are taken
	left   uint64 // lines that did not fit, ever
	told   uint64 // of those, what take has told
	closed bool
}

func newQueue(most int) *queue { return &queue{most: most, filled: make(chan struct{}, 1)} }

// Write adds one line, or counts it where it does not fit. It never fails.
func (q *queue) Write(line []byte) (int, error) {
	n := len(line)
	if n > lineMost {
		line = shrink(line)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
	case q.left > q.told || len(q.lines)+len(line) > q.most:
		q.left++ // and so are those that follow, up to the next take
	default:
		if len(q.lines) == 0 {
			select {
			case q.filled <- struct{}{}:
			default:
			}
		}
		q.lines = append(q.lines, line...)
	}
	return n, nil
}

// take empties the queue, and tells how many lines did not fit since the last
// time. The lines are the caller's until it gives them back.
func (q *queue) take() (lines []byte, left uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	lines, left = q.lines, q.left-q.told
	q.lines, q.spare, q.told = q.spare[:0], nil, q.left
	return lines, left
}

// giveBack lends the queue the memory of lines that were taken, unless a flood
// has made it large.
func (q *queue) giveBack(lines []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if cap(lines) <= q.most/4 {
		q.spare = lines
	}
}

// leftOut is how many lines did not fit, ever.
func (q *queue) leftOut() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.left
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
}
