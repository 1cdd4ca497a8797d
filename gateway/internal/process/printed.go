package process

import (
	"bytes"
	"io"
	"regexp"
	"sync"
)

// Printed passes on what a process, and handlers in it, print to standard error,
// but for what the runtime prints when it ends: that comes by a pipe of its own
// too, is long, and is kept with the crash. It is held back as soon as it
// begins, since nothing else follows that anybody could tell from it; release
// gives it out if the runtime was another one, a handler's.
type Printed struct {
	To io.Writer

	mu   sync.Mutex
	line []byte // that has not ended
	held []byte // from the beginning of the end on
	said Said
}

// heldMost is how much is held back; what is beyond is lost.
const heldMost = 64 << 10

// lastWords begin what a runtime prints when native code ends it.
var lastWords = regexp.MustCompile(`^SIG[A-Z]+: `)

func (p *Printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(b)
	for len(b) > 0 && p.held == nil {
		end := bytes.IndexByte(b, '\n') + 1
		if end == 0 && len(p.line)+len(b) <= heldMost {
			p.line = append(p.line, b...)
			return n, nil
		}
		if end == 0 {
			end = len(b)
		}
		line := append(p.line, b[:end]...)
		p.line, b = nil, b[end:]
		if lastWords.Match(line) {
			p.held = line
			break
		}
		p.said.Note(line)
		_, _ = p.To.Write(line)
	}
	if p.held != nil {
		p.held = append(p.held, b[:min(len(b), heldMost-min(len(p.held), heldMost))]...)
	}
	return n, nil
}

// Why is what was said of the end, if it was.
func (p *Printed) Why() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said.Note(p.line)
	return p.said.Why()
}

// Release gives out what is left, at the end of the process; without what was
// held back if that has come otherwise.
func (p *Printed) Release(known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !known {
		_, _ = p.To.Write(p.held)
	}
	_, _ = p.To.Write(p.line)
	p.held, p.line = nil, nil
}
