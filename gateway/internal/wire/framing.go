package wire

import "math"

// framing is what the headers say about where the body ends and whose the
// request is.
type framing struct {
	host    []byte
	length  int64 // -1 without Content-Length
	chunked bool
}

// Host is the value of the Host header, valid by [ValidHost]; nil without one,
// which only HTTP/1.0 may do. A [Target] with an authority stands above it.
func (f *framing) Host() []byte { return f.host }

// ContentLength is the value of the Content-Length header in bytes, -1 if the
// request has none.
func (f *framing) ContentLength() int64 { return f.length }

// Chunked reports whether the body comes in chunks.
func (f *framing) Chunked() bool { return f.chunked }

// see takes note of a header, and refuses one that contradicts another.
func (f *framing) see(name, value []byte, http11 bool) *Refusal {
	switch len(name) {
	case len("host"):
		if equalFold(name, "host") {
			return f.seeHost(value)
		}
	case len("content-length"):
		if equalFold(name, "content-length") {
			return f.seeLength(value)
		}
	case len("transfer-encoding"):
		if equalFold(name, "transfer-encoding") {
			return f.seeCoding(value, http11)
		}
	}
	return nil
}

func (f *framing) seeHost(value []byte) *Refusal {
	if f.host != nil {
		return ErrHostRepeated
	}
	if !ValidHost(value) {
		return ErrHost
	}
	f.host = value
	return nil
}

func (f *framing) seeLength(value []byte) *Refusal {
	switch {
	case f.length >= 0:
		return ErrLengthRepeated
	case f.chunked:
		return ErrLengthCoded
	case len(value) == 0:
		return ErrLength
	}
	n := int64(0)
	for _, b := range value {
		digit := int64(b) - '0'
		if digit < 0 || digit > 9 || n > (math.MaxInt64-digit)/10 {
			return ErrLength
		}
		n = n*10 + digit
	}
	f.length = n
	return nil
}

func (f *framing) seeCoding(value []byte, http11 bool) *Refusal {
	switch {
	case !http11:
		return ErrCodingVersion
	case f.chunked:
		return ErrCodingRepeated
	case f.length >= 0:
		return ErrLengthCoded
	case !equalFold(value, "chunked"):
		return ErrCoding
	}
	f.chunked = true
	return nil
}
