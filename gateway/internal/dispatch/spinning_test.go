package dispatch

import (
	"log/slog"
	"testing"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/gofunc"
	"github.com/edge-gateway/edge-gateway/gateway/internal/isolate"
	"github.com/edge-gateway/edge-gateway/gateway/internal/registry"
)

// The thread that called another kind of handler serves other goroutines while
// that one is at work.
func TestOnlyThreadsInsideLibrariesAreLookedAt(t *testing.T) {
	for _, test := range []struct {
		name   string
		module registry.Module
		looked int
	}{
		{"a library", &abi.Instance{}, 1},
		{"a function of this program", &gofunc.Module{}, 0},
		{"a library in a process of its own", &isolate.Module{}, 0},
	} {
		s := newSpinners(slog.Default())
		s.add(&lateThread{}, test.module)
		if _, n := s.next(); n != test.looked {
			t.Errorf("%s: %d calls are looked at", test.name, n)
		}
	}
}

func TestAThreadSpinsThatIsReadyAndNeverWaits(t *testing.T) {
	running := func(waits int64) activity { return activity{ready: true, waits: waits} }
	asleep := func(waits int64) activity { return activity{waits: waits} }
	for _, test := range []struct {
		name  string
		looks []activity
		spins bool
	}{
		{"one look tells nothing", []activity{running(7)}, false},
		{"it runs all the time", []activity{running(7), running(7)}, true},
		{"it waited between the looks", []activity{running(7), running(8)}, false},
		{"it waits now and then", []activity{running(7), running(8), asleep(9), running(9), running(10)}, false},
		{"it sleeps", []activity{asleep(7), asleep(7), asleep(7)}, false},
		{"it woke up, and spins from then on", []activity{asleep(8), running(8), running(8)}, true},
	} {
		var l looked
		spins := false
		for _, now := range test.looks {
			spins = l.spins(now)
		}
		if spins != test.spins {
			t.Errorf("%s: %v", test.name, spins)
		}
	}
}
