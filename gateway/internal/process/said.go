package process

import (
	"bytes"
	"regexp"
	"time"
)

// Said is what a process printed of the reason for its end: what runtimes and C
// libraries say before they end it. It is for one goroutine at a time.
type Said struct {
	text []byte
	when time.Time
}

// reasons begin what is printed by who ends its process himself.
var reasons = regexp.MustCompile(`^(?:panic: |fatal error: |thread '.*' .*panicked at |terminate called |free\(\): |malloc|double free |corrupted |munmap_chunk|\*\*\* )`)

// asides do so too, but for some who have told the reason before.
var asides = regexp.MustCompile(`^(?:thread caused |fatal runtime error: )`)

const (
	saidMost = 4 << 10
	saidLast = 2 * time.Second // before the end: what was said earlier is about something else
)

// Note takes note of a line.
func (s *Said) Note(line []byte) {
	switch {
	case asides.Match(line) && time.Since(s.when) > saidLast, reasons.Match(line):
		s.text, s.when = append(s.text[:0], line[:min(len(line), saidMost)]...), time.Now()
	case len(s.text) > 0:
		s.text = append(s.text, line[:min(len(line), saidMost-len(s.text))]...)
	}
}

// Why is what was said of the end, if it is the end now.
func (s *Said) Why() []byte {
	if time.Since(s.when) > saidLast {
		return nil
	}
	return bytes.Clone(s.text)
}
