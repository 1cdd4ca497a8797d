package wire

// ValidName reports whether b may be the name of a header: a token, not empty.
func ValidName(b []byte) bool {
	for _, c := range b {
		if !is(c, tokenByte) {
			return false
		}
	}
	return len(b) > 0
}

// ValidValue reports whether b may be the value of a header of an answer: it
// has no CR, LF or NUL, with which a handler would write more than a value.
func ValidValue(b []byte) bool {
	for {
		b = b[plainWords(b):]
		for _, c := range b[:min(8, len(b))] {
			if c == '\r' || c == '\n' || c == 0 {
				return false
			}
		}
		if len(b) <= 8 {
			return true
		}
		b = b[8:]
	}
}

// HostOwned reports whether a header of an answer belongs to the gateway, which
// alone frames answers and decides about the connection. From a handler such
// a header is dropped.
func HostOwned(name []byte) bool {
	switch len(name) {
	case len("te"):
		return equalFold(name, "te")
	case len("date"):
		return equalFold(name, "date")
	case len("trailer"): // and "upgrade"
		return equalFold(name, "trailer") || equalFold(name, "upgrade")
	case len("connection"): // and "keep-alive"
		return equalFold(name, "connection") || equalFold(name, "keep-alive")
	case len("content-length"):
		return equalFold(name, "content-length")
	case len("proxy-connection"):
		return equalFold(name, "proxy-connection")
	case len("transfer-encoding"):
		return equalFold(name, "transfer-encoding")
	}
	return false
}

// IsContentType reports whether this is the header that nearly every answer has.
func IsContentType(name []byte) bool { return equalFold(name, "content-type") }
