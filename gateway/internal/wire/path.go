package wire

// NormalizePath brings the path of a request target into its one normal form,
// so that what is routed is what the handler sees, and two spellings of a path
// never mean two things to two readers:
//
//   - an escape of a byte that needs none (letters, digits, "-._~") is decoded;
//     every other escape stays, in upper case, so an escaped slash never
//     separates;
//   - a byte that may not stand in a path is escaped;
//   - repeated slashes become one; "." and ".." are resolved, after decoding.
//
// raw is the path as sent, without query. A path that is normal already is
// returned as it is, with changed false. Any other is built in dst, from its
// start, and returned with changed true; it is at most three times as long.
// Normalising a normal path changes nothing.
//
// Errors, each a *[Refusal]: [ErrPathRelative], [ErrPathEscape],
// [ErrPathControl], [ErrPathClimbs].
func NormalizePath(dst, raw []byte) (path []byte, changed bool, err error) {
	if len(raw) == 0 || raw[0] != '/' {
		return nil, false, ErrPathRelative
	}
	if isNormal(raw) {
		return raw, false, nil
	}
	out := append(dst[:0], '/')
	segment := 1 // where in out the current segment starts, after a slash
	for i := 1; i < len(raw); i++ {
		b := raw[i]
		switch {
		case b == '/':
			if segment, out, err = endSegment(out, segment); err != nil {
				return nil, false, err
			}
			// A segment that is empty or was resolved has its slash already.
			if len(out) > segment {
				out = append(out, '/')
				segment = len(out)
			}
		case is(b, pathByte):
			out = append(out, b)
		case b == '%':
			c, ok := escaped(raw[i:])
			if !ok {
				return nil, false, ErrPathEscape
			}
			if c == 0 {
				return nil, false, ErrPathControl
			}
			if is(c, unreservedByte) {
				out = append(out, c)
			} else {
				out = appendEscape(out, c)
			}
			i += 2
		case is(b, controlByte):
			return nil, false, ErrPathControl
		default:
			out = appendEscape(out, b)
		}
	}
	if _, out, err = endSegment(out, segment); err != nil {
		return nil, false, err
	}
	return out, true, nil
}

// isNormal reports whether path, which starts with a slash, is normal.
func isNormal(path []byte) bool {
	for i := 1; i < len(path); i++ {
		b := path[i]
		switch {
		case b == '.':
			if path[i-1] == '/' && isDots(path[i:]) {
				return false
			}
		case is(b, pathByte):
		case b == '/':
			if path[i-1] == '/' {
				return false
			}
		case b == '%':
			c, ok := escaped(path[i:])
			if !ok || c == 0 || is(c, unreservedByte) || path[i+1] >= 'a' || path[i+2] >= 'a' {
				return false
			}
			i += 2
		default:
			return false
		}
	}
	return true
}

// isDots reports whether the segment at the start of b is "." or "..".
func isDots(b []byte) bool {
	n := 1
	if len(b) > 1 && b[1] == '.' {
		n = 2
	}
	return len(b) == n || b[n] == '/'
}

// endSegment resolves the segment that starts at start if it is "." or "..",
// and returns where the segment that is then open starts.
func endSegment(out []byte, start int) (int, []byte, error) {
	switch string(out[start:]) {
	case ".":
		return start, out[:start], nil
	case "..":
		if start == 1 {
			return 0, nil, ErrPathClimbs
		}
		start-- // to the slash after the segment that goes
		for out[start-1] != '/' {
			start--
		}
		return start, out[:start], nil
	}
	return start, out, nil
}

// AppendUnescaped appends segment to dst with its percent escapes decoded, as
// a handler gets a path parameter. A '+' stays a '+'; a percent sign without
// two hex digits, which no normal path has, stays too.
func AppendUnescaped(dst, segment []byte) []byte {
	for i := 0; i < len(segment); i++ {
		b := segment[i]
		if b == '%' {
			if c, ok := escaped(segment[i:]); ok {
				b = c
				i += 2
			}
		}
		dst = append(dst, b)
	}
	return dst
}
