package cache

import (
	"math/bits"
	"strconv"
)

// Number reads what Count counts: 1 to 20 digits, of a number below 2^64.
func Number(text []byte) (n uint64, ok bool) {
	if len(text) == 0 || len(text) > 20 {
		return 0, false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		high, low := bits.Mul64(n, 10)
		sum, carry := bits.Add64(low, uint64(c-'0'), 0)
		if high != 0 || carry != 0 {
			return 0, false
		}
		n = sum
	}
	return n, true
}

// Text writes a number as Count stores it.
func Text(n uint64) []byte { return strconv.AppendUint(nil, n, 10) }

// Counted adds delta to n, stopping at 0; false if that is too great.
func Counted(n uint64, delta int64) (uint64, bool) {
	if delta < 0 {
		return n - min(n, Magnitude(delta)), true
	}
	sum, carry := bits.Add64(n, uint64(delta), 0)
	return sum, carry == 0
}

// Magnitude is the distance of delta from 0.
func Magnitude(delta int64) uint64 {
	if delta < 0 {
		return -uint64(delta)
	}
	return uint64(delta)
}
