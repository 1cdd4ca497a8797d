package queue

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/edge-gateway/edge-gateway/toolchain/internal/ring"
)

// log is the log of a build that has not ended: a file with its head, and in
// memory its tail, which is added when the build ends. Who follows sees the
// head as it grows. A log that cannot be written does not fail its build.
type log struct {
	mu      sync.Mutex
	file    *os.File
	head    int64 // bytes that may still be written at once
	tail    ring.Ring
	changed chan struct{} // closed, and made anew, with each change
	ended   bool
}

func newLog(path string, limit int64) (*log, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create build log: %w", err)
	}
	return &log{file: file, head: limit / 2, tail: ring.Ring{Limit: int(limit / 2)}, changed: make(chan struct{})}, nil
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return 0, os.ErrClosed
	}
	n := min(l.head, int64(len(p)))
	if n > 0 {
		_, _ = l.file.Write(p[:n])
		l.head -= n
		l.wake()
	}
	l.tail.Write(p[n:])
	return len(p), nil
}

func (l *log) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tail.Dropped > 0 {
		fmt.Fprintf(l.file, "\n[... %d bytes left out ...]\n", l.tail.Dropped)
	}
	_, _ = l.file.Write(l.tail.Bytes())
	l.file.Close()
	l.ended = true
	l.wake()
}

func (l *log) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// state tells whether the log has ended and, if not, what will be closed with
// the next change. Asked before the file is read, no change is missed.
func (l *log) state() (ended bool, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ended, l.changed
}

const extension = ".log"

func (q *Queue) path(id string) string { return filepath.Join(q.options.LogDir, id+extension) }
