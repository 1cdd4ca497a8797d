package machine

import (
	"os"
	"runtime/debug"
)

// FitGoMemory has the Go runtime of this process collect garbage harder, rather
// than take more, once it has three quarters of what the process may have. Who
// has set GOMEMLIMIT knows better; 0 leaves all as it is.
func FitGoMemory(most int64) {
	if most > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(most / 4 * 3)
	}
}
