package machine

import (
	"runtime/debug"
	"testing"
)

func TestGoMemoryFitsUnlessSomebodyHasChosen(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	for _, c := range []struct {
		chosen     string
		most, want int64
	}{{"", 0, before}, {"1GiB", 4 << 30, before}, {"", 4 << 30, 3 << 30}} {
		t.Setenv("GOMEMLIMIT", c.chosen)
		if FitGoMemory(c.most); debug.SetMemoryLimit(-1) != c.want {
			t.Errorf("%+v: %d", c, debug.SetMemoryLimit(-1))
		}
	}
}
