// Package ring keeps the end of what is written to it.
package ring

// Ring keeps the last bytes that were written, up to a limit. The zero value
// keeps none; it is not safe for use from several goroutines.
type Ring struct {
	Limit   int
	Dropped int64 // bytes written and no longer kept
	kept    []byte
	start   int // oldest byte once Limit are kept
}

func (r *Ring) Write(p []byte) (int, error) {
	n := len(p)
	if skip := len(p) - r.Limit; skip > 0 { // only its end can stay
		r.Dropped += int64(skip)
		p = p[skip:]
	}
	if room := r.Limit - len(r.kept); room > 0 {
		take := min(room, len(p))
		r.kept = append(r.kept, p[:take]...)
		p = p[take:]
	}
	for len(p) > 0 {
		copied := copy(r.kept[r.start:], p)
		r.Dropped += int64(copied)
		r.start = (r.start + copied) % r.Limit
		p = p[copied:]
	}
	return n, nil
}

// Len is the number of bytes kept.
func (r *Ring) Len() int { return len(r.kept) }

// Bytes is what is kept, the oldest first.
func (r *Ring) Bytes() []byte {
	return append(append(make([]byte, 0, len(r.kept)), r.kept[r.start:]...), r.kept[:r.start]...)
}
