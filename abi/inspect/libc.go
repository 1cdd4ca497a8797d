package inspect

import (
	"strconv"
	"strings"
)

// elfLibc tells the C library by the name under which it is needed.
func elfLibc(needed []string) string {
	for _, name := range needed {
		switch {
		case name == "libc.so.6":
			return "glibc"
		case name == "libc.so" || strings.HasPrefix(name, "libc.musl-") || strings.HasPrefix(name, "ld-musl-"):
			return "musl"
		}
	}
	return ""
}

// laterGlibc returns the later of a version "2.34" and that of a symbol
// "GLIBC_2.36"; other symbols count for nothing.
func laterGlibc(version, symbol string) string {
	candidate, ok := strings.CutPrefix(symbol, "GLIBC_")
	if !ok || !validVersion(candidate) || !laterVersion(candidate, version) {
		return version
	}
	return candidate
}

func validVersion(version string) bool {
	for part := range strings.SplitSeq(version, ".") {
		if _, err := strconv.ParseUint(part, 10, 32); err != nil {
			return false
		}
	}
	return true
}

// laterVersion compares dotted numbers; "" is before all others.
func laterVersion(a, b string) bool {
	for a != "" || b != "" {
		var left, right string
		left, a, _ = strings.Cut(a, ".")
		right, b, _ = strings.Cut(b, ".")
		x, _ := strconv.ParseUint(left, 10, 32)
		y, _ := strconv.ParseUint(right, 10, 32)
		if x != y {
			return x > y
		}
	}
	return false
}
