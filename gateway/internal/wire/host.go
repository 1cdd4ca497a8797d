package wire

import (
	"bytes"
	"net/netip"
)

// ValidHost reports whether host is a name or an address with an optional
// port, and nothing else: no user, no path, no list, no escape. A name is
// made of labels of letters, digits, '-' and '_' and may end in a dot; an
// IPv6 address stands in brackets and has no zone.
func ValidHost(host []byte) bool {
	name, port, ok := splitPort(host)
	if !ok || !validPort(port) {
		return false
	}
	if len(name) > 0 && name[0] == '[' {
		address, err := netip.ParseAddr(string(name[1 : len(name)-1]))
		return err == nil && address.Is6() && address.Zone() == ""
	}
	label := 0
	for _, b := range name {
		switch {
		case is(b, hostByte):
			label++
		case b == '.' && label > 0:
			label = 0
		default:
			return false
		}
	}
	return len(name) > 0
}

// HostName returns the host without its port, in lower case and without a
// dot at its end, as endpoints name their domains; the brackets of an IPv6
// address stay. A host that needs no lowering is returned as a part of host;
// any other is built in dst, from its start. host is valid by [ValidHost].
func HostName(dst, host []byte) []byte {
	name, _, _ := splitPort(host)
	if n := len(name); n > 0 && name[n-1] == '.' {
		name = name[:n-1]
	}
	for _, b := range name {
		if 'A' <= b && b <= 'Z' {
			return appendLower(dst[:0], name)
		}
	}
	return name
}

func appendLower(dst, b []byte) []byte {
	for _, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// splitPort cuts host behind the name. port is nil without a colon. It fails
// where no port can be told from the name.
func splitPort(host []byte) (name, port []byte, ok bool) {
	end := len(host)
	if end > 0 && host[0] == '[' {
		end = bytes.IndexByte(host, ']') + 1
		if end == 0 {
			return host, nil, false
		}
	} else if colon := bytes.IndexByte(host, ':'); colon >= 0 {
		end = colon
	}
	if end == len(host) {
		return host, nil, true
	}
	return host[:end], host[end+1:], host[end] == ':'
}

// validPort accepts no port, or one to five digits up to 65535.
func validPort(port []byte) bool {
	if port == nil {
		return true
	}
	n := 0
	for _, b := range port {
		if b < '0' || b > '9' {
			return false
		}
		n = n*10 + int(b-'0')
		if n > 65535 {
			return false
		}
	}
	return 0 < len(port) && len(port) <= 5
}
