package main

import (
	"strconv"
	"strings"
)

// most is how much of a file one answer carries. A client that wants more asks
// for the rest.
const most = 32 << 20

// parseRange reads a range such as "bytes=0-99", "bytes=100-" or "bytes=-100"
// of a file of that size. ok is false for what is to be ignored: other units,
// several ranges, nonsense. A length of 0 means that there is nothing there.
func parseRange(header string, size int64) (first, length int64, ok bool) {
	unit, spec, _ := strings.Cut(header, "=")
	from, to, dash := strings.Cut(strings.TrimSpace(spec), "-")
	if !strings.EqualFold(strings.TrimSpace(unit), "bytes") || !dash {
		return 0, 0, false
	}
	last := size - 1
	switch {
	case from == "":
		suffix, ok := number(to)
		if !ok {
			return 0, 0, false
		}
		first = max(0, size-suffix)
	default:
		if first, ok = number(from); !ok {
			return 0, 0, false
		}
		if to != "" {
			end, ok := number(to)
			if !ok || end < first {
				return 0, 0, false
			}
			last = min(last, end)
		}
	}
	return first, min(max(0, last-first+1), most), true
}

// number reads digits alone. What is greater than any file is as good as that.
func number(digits string) (int64, bool) {
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		n = 1<<62 - 1
	}
	return n, true
}
