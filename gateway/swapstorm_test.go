package gateway_test

import "testing"

// A thousand versions, one after the other, each seen by clients that never try
// twice.
func TestSwapStorm(t *testing.T) {
	storm(t) // it has no choices, and lasts as long as a thousand swaps do
	swapUnderLoad(t, buildC(t, versionInC), 1000, true)
}
