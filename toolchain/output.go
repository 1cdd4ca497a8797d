package toolchain

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/edge-gateway/edge-gateway/toolchain/internal/ring"
)

// capture keeps the head and the tail of what a compiler prints: the first
// errors matter most, the summary comes last, and a macro gone wild prints
// gigabytes in between.
type capture struct {
	head  []byte
	limit int // of each
	tail  ring.Ring
}

func newCapture(limit int) *capture {
	return &capture{limit: limit / 2, tail: ring.Ring{Limit: limit / 2}}
}

func (c *capture) Write(p []byte) (int, error) {
	n := len(p)
	if room := c.limit - len(c.head); room > 0 {
		take := min(room, len(p))
		c.head = append(c.head, p[:take]...)
		p = p[take:]
	}
	c.tail.Write(p)
	return n, nil
}

func (c *capture) String() string {
	var text bytes.Buffer
	text.Write(c.head)
	if c.tail.Dropped > 0 {
		fmt.Fprintf(&text, "\n[... %d bytes left out ...]\n", c.tail.Dropped)
	}
	text.Write(c.tail.Bytes())
	return string(bytes.ToValidUTF8(text.Bytes(), []byte("\uFFFD")))
}

// held keeps output back until it is released. What is kept is bounded by what
// a compiler says before it compiles; beyond heldLimit the rest is left out.
type held struct {
	to io.Writer

	mu       sync.Mutex // two pipes: what is printed, and what releases it
	released bool
	kept     []byte
}

const heldLimit = 64 << 10

func (h *held) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.released {
		return h.to.Write(p)
	}
	h.kept = append(h.kept, p[:min(len(p), heldLimit-len(h.kept))]...)
	return len(p), nil
}

func (h *held) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.released {
		_, _ = h.to.Write(h.kept) // neither a capture nor a log fails
		h.released, h.kept = true, nil
	}
}

// live hands what a compiler prints to whoever watches. That they fail must
// not fail the build.
type live struct{ to io.Writer }

func (l live) Write(p []byte) (int, error) {
	if l.to != nil {
		_, _ = l.to.Write(p)
	}
	return len(p), nil
}
