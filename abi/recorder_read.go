package abi

import (
	"strings"
	"time"
	"unicode"
)

// Recorded is what a recorder holds.
type Recorded struct {
	Libraries []RecordedLibrary
	Calls     []RecordedCall
	Faults    []RecordedFault // the last one last
}

// RecordedLibrary is a library that was loaded, or being loaded.
type RecordedLibrary struct {
	Number            uint64 // what calls name it by
	Endpoint, Version string
	Lo, Hi            uint64 // first address of it, and the first behind it; 0 if not known
}

// RecordedCall is a call that had not returned, or a request that waited.
type RecordedCall struct {
	Activity Activity
	Library  uint64    // its number; 0 if not known
	Since    time.Time // when its request came
	Frame    uint64    // as a trace of the stack shows it, of a request
	// Of the request, and empty without one.
	ID, Method, Path string
}

// Read tells what a worker that is dead had under way. Its handlers could write
// there too, so none of it need be true: lengths are checked, and of a text
// stays what can be shown.
func (r *Recorder) Read() (all Recorded) {
	if r == nil {
		return all
	}
	for n := range min(r.layout.libraries.Load(), recordedLibraries) {
		l := &r.layout.library[n]
		if l.word.Load() != 1 {
			continue
		}
		all.Libraries = append(all.Libraries, RecordedLibrary{
			Number: uint64(n) + 1, Endpoint: shown(l.endpoint.text[:], l.endpoint.length), Version: shown(l.version.text[:], l.version.length),
			Lo: l.lo.Load(), Hi: l.hi.Load(),
		})
	}
	read := func(c *callRecord) {
		word := c.word.Load()
		if word == uint64(InNothing) || word >= uint64(activities) {
			return
		}
		all.Calls = append(all.Calls, RecordedCall{
			Activity: Activity(word), Library: c.library, Frame: c.frame, Since: time.Unix(0, c.since),
			ID: shown(c.id.text[:], c.id.length), Method: shown(c.method.text[:], c.method.length), Path: shown(c.path.text[:], c.path.length),
		})
	}
	for n := range r.layout.loose {
		read(&r.layout.loose[n])
	}
	for n := range min(r.layout.frames.Load(), maxFrames) {
		read(&r.layout.call[n])
	}
	all.Faults = r.layout.faults.faults()
	return all
}

func shown(text []byte, length uint8) string {
	text = text[:min(int(length), len(text))]
	return strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, string(text))
}
