package crash

import (
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// A version that crashes this often within so long is quarantined.
const (
	Often  = 3
	Within = time.Minute
)

// Tally counts who has ended workers, or processes of its own. It is for one goroutine at a time.
type Tally struct{ deaths []model.Crash }

// Add counts a crash, and tells who has to be quarantined for it.
//
// Where a crash names nobody, all that had work under way are suspects. A
// version that was blamed, or suspected, often enough is guilty if the blame
// alone is enough, or if no other was suspected as often. Who was killed from
// outside has done nothing.
func (t *Tally) Add(c model.Crash) (guilty []model.CrashSuspect) {
	if c.Outside {
		return nil
	}
	var recent []model.Crash
	for _, d := range t.deaths {
		if c.At.Sub(d.At) <= Within {
			recent = append(recent, d)
		}
	}
	t.deaths = append(recent, c)

	blamed, suspected := map[model.CrashSuspect]int{}, map[model.CrashSuspect]int{}
	for _, d := range t.deaths {
		if d.Endpoint != "" {
			blamed[model.CrashSuspect{Endpoint: d.Endpoint, Version: d.Version}]++
		}
		for _, s := range d.Suspects {
			suspected[s]++
		}
	}
	for _, s := range append([]model.CrashSuspect{{Endpoint: c.Endpoint, Version: c.Version}}, c.Suspects...) {
		switch {
		case s.Endpoint == "" || blamed[s]+suspected[s] < Often:
		case blamed[s] >= Often, alone(suspected, s):
			guilty = append(guilty, s)
		}
	}
	return guilty
}

// alone tells whether no other was suspected as often.
func alone(suspected map[model.CrashSuspect]int, s model.CrashSuspect) bool {
	for other, n := range suspected {
		if other != s && n >= suspected[s] {
			return false
		}
	}
	return true
}

// Forget drops what a version has done: it is given another try.
func (t *Tally) Forget(endpoint, version string) {
	var kept []model.Crash
	for _, d := range t.deaths {
		if d.Endpoint != endpoint || d.Version != version {
			kept = append(kept, d)
		}
	}
	t.deaths = kept
	for i := range t.deaths {
		var others []model.CrashSuspect
		for _, s := range t.deaths[i].Suspects {
			if s.Endpoint != endpoint || s.Version != version {
				others = append(others, s)
			}
		}
		t.deaths[i].Suspects = others
	}
}
