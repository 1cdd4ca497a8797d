package wire

import "encoding/binary"

// class holds what a byte may be part of, one bit for each use.
type class uint8

const (
	tokenByte      class = 1 << iota // RFC 9110 tchar: header names, methods
	valueByte                        // a header value
	pathByte                         // RFC 3986 pchar without '%'
	unreservedByte                   // RFC 3986 unreserved: never needs an escape
	hostByte                         // a label of a host name
	controlByte
)

var classes = func() (t [256]class) {
	mark := func(c class, set string) {
		for i := range len(set) {
			t[set[i]] |= c
		}
	}
	const (
		digits = "0123456789"
		lower  = "abcdefghijklmnopqrstuvwxyz"
		alnum  = digits + lower + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	)
	mark(tokenByte, alnum+"!#$%&'*+-.^_`|~")
	mark(unreservedByte, alnum+"-._~")
	mark(pathByte, alnum+"-._~"+"!$&'()*+,;="+":@")
	mark(hostByte, alnum+"-_")
	for i := range 256 {
		switch {
		case i == '\t':
			t[i] |= valueByte | controlByte
		case i < ' ' || i == 0x7f:
			t[i] |= controlByte
		default:
			t[i] |= valueByte
		}
	}
	return t
}()

func is(b byte, c class) bool { return classes[b]&c != 0 }

// plainWords counts the bytes at the start of b, in steps of eight, up to the
// first step with a byte below space or a DEL.
func plainWords(b []byte) int {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	n := 0
	for n+8 <= len(b) {
		word := binary.LittleEndian.Uint64(b[n:])
		isDEL := word ^ 0x7f*ones
		if ((word-' '*ones)&^word|(isDEL-ones)&^isDEL)&highs != 0 {
			break
		}
		n += 8
	}
	return n
}

// hexDigit returns the value of a hex digit, or -1.
func hexDigit(b byte) int {
	switch {
	case '0' <= b && b <= '9':
		return int(b - '0')
	case 'A' <= b && b <= 'F':
		return int(b-'A') + 10
	case 'a' <= b && b <= 'f':
		return int(b-'a') + 10
	}
	return -1
}

// escaped returns the byte that the escape at the start of b stands for; b
// starts with '%'.
func escaped(b []byte) (byte, bool) {
	if len(b) < 3 {
		return 0, false
	}
	high, low := hexDigit(b[1]), hexDigit(b[2])
	return byte(high<<4 | low&0xf), high >= 0 && low >= 0
}

const upperHex = "0123456789ABCDEF"

func appendEscape(dst []byte, b byte) []byte {
	return append(dst, '%', upperHex[b>>4], upperHex[b&0xf])
}

// equalFold reports whether b is lower, which is in lower case, in any case.
func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
