//go:build unix

package trial_test

import (
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/trial"
)

// What one deploy waits for.
func BenchmarkTrialOfALibraryInC(b *testing.B) {
	r := request(b, compileC(b, "EG_ENTRY(ok);"))
	for b.Loop() {
		if _, err := trial.Run(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
}
