package worker

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/logs"
)

// A line on its way to control begins with who it is for.
const (
	toKeep  = 'k'
	toPrint = 'p'
)

// patience is how long a line waits for control to read those before it.
const patience = 200 * time.Millisecond

// lines are the worker's end of the pipe that its log lines go through. What is
// logged is in the pipe when the call returns, and outlives the worker: the last
// words of a handler that ends the process matter most. When control does not
// read, lines are left out and counted, and nobody waits.
type lines struct {
	mu      sync.Mutex
	to      *os.File // does not block
	raw     syscall.RawConn
	rest    []byte // of a line of which a part was taken
	full    bool   // the last line was left out
	left    uint64 // lines that were, since the last that was not
	scratch []byte
}

// newLogger logs to control, in both forms.
func newLogger(to *os.File, text bool) (*slog.Logger, error) {
	raw, err := to.SyscallConn()
	if err != nil {
		return nil, err
	}
	l := &lines{to: to, raw: raw}
	var print slog.Handler = slog.NewJSONHandler(addressed{l, toPrint}, nil)
	if text {
		print = slog.NewTextHandler(addressed{l, toPrint}, nil)
	}
	return slog.New(logs.Tee(print, addressed{l, toKeep})), nil
}

type addressed struct {
	to  *lines
	who byte
}

// Write sends one line. It never fails.
func (a addressed) Write(line []byte) (int, error) {
	a.to.send(a.who, line)
	return len(line), nil
}

func (l *lines) send(who byte, line []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left > 0 && l.put(append(l.scratch[:0], missing(l.left)...)) {
		l.left = 0
	}
	l.scratch = append(append(l.scratch[:0], who), line...)
	if !l.put(l.scratch) {
		l.left++
	}
}

// missing is what both get to know of lines that are missing.
func missing(n uint64) []byte {
	both := logs.Missing(n, "control did not read them in time")
	return fmt.Appendf(nil, "%c%s%c%s", toKeep, both, toPrint, both)
}

// put has the pipe take bytes, whole lines of them, or none.
func (l *lines) put(b []byte) bool {
	if len(l.rest) > 0 {
		n := l.try(l.rest)
		if l.rest = l.rest[n:]; len(l.rest) > 0 {
			return false
		}
	}
	n := l.try(b)
	if n == 0 {
		return false
	}
	l.rest = append(l.rest[:0], b[n:]...)
	return true
}

// try tells how much the pipe takes, soon. After it took nothing for a while, it
// has to take something at once before it is waited for again.
func (l *lines) try(b []byte) (n int) {
	_ = l.raw.Write(func(fd uintptr) bool {
		n = writeNow(fd, b)
		return true
	})
	if n == len(b) || (l.full && n == 0) {
		l.full = n == 0
		return n
	}
	_ = l.to.SetWriteDeadline(time.Now().Add(patience))
	more, err := l.to.Write(b[n:])
	_ = l.to.SetWriteDeadline(time.Time{}) // else nothing is even tried after it
	l.full = errors.Is(err, os.ErrDeadlineExceeded)
	return n + more
}
