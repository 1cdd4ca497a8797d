package dispatch

import "testing"

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
