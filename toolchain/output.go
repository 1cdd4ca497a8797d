package toolchain

import (
	"bytes"
	"fmt"
)

// capture keeps the head and the tail of what a compiler prints: the first
// errors matter most, the summary comes last, and a macro gone wild prints
// gigabytes in between.
type capture struct {
	head, tail []byte
	limit      int // of each
	start      int // oldest byte of a full tail
	dropped    int64
}

func newCapture(limit int) *capture { return &capture{limit: limit / 2} }

func (c *capture) Write(p []byte) (int, error) {
	n := len(p)
	if room := c.limit - len(c.head); room > 0 {
		take := min(room, len(p))
		c.head = append(c.head, p[:take]...)
		p = p[take:]
	}
	if skip := len(p) - c.limit; skip > 0 { // only its end can stay
		c.dropped += int64(skip)
		p = p[skip:]
	}
	if room := c.limit - len(c.tail); room > 0 {
		take := min(room, len(p))
		c.tail = append(c.tail, p[:take]...)
		p = p[take:]
	}
	for len(p) > 0 {
		copied := copy(c.tail[c.start:], p)
		c.dropped += int64(copied)
		c.start = (c.start + copied) % c.limit
		p = p[copied:]
	}
	return n, nil
}

func (c *capture) reset() { *c = capture{limit: c.limit} }

func (c *capture) String() string {
	var text bytes.Buffer
	text.Write(c.head)
	if c.dropped > 0 {
		fmt.Fprintf(&text, "\n[... %d bytes left out ...]\n", c.dropped)
	}
	text.Write(c.tail[c.start:])
	text.Write(c.tail[:c.start])
	return string(bytes.ToValidUTF8(text.Bytes(), []byte("\uFFFD")))
}
