package canary

import (
	"fmt"
	"strconv"
	"time"
)

// count writes "2,300".
func count(n uint64) string {
	text := strconv.FormatUint(n, 10)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

func percent(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}

// share writes "7 of 120 requests (5.8 %)".
func share(part, whole uint64) string {
	return fmt.Sprintf("%s of %s requests (%s %%)", count(part), count(whole), number(percent(part, whole)))
}

// number writes one place behind the point, and more only where that would
// read as nothing.
func number(x float64) string {
	if x > 0 && x < .05 {
		return strconv.FormatFloat(x, 'g', 1, 64)
	}
	return strconv.FormatFloat(x, 'f', 1, 64)
}

func milliseconds(seconds float64) string { return number(1000*seconds) + " ms" }

func short(d time.Duration) string { return d.Round(time.Second).String() }
