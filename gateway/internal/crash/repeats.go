package crash

import (
	"cmp"
	"slices"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Recent is how long a crash that names nobody is held against its suspects.
const Recent = time.Hour

// Suspicion is that against one who had work under way in several crashes which
// name nobody.
type Suspicion struct {
	model.CrashSuspect
	Times int
	Span  time.Duration // from the first of them to the last
}

// Repeats tells who was a suspect in the newest of some crashes, which names
// nobody, and in others not long before: those most often come first. crashes
// are in any order.
func Repeats(crashes []model.Crash, newest model.Crash) []Suspicion {
	var all []Suspicion
	for _, s := range newest.Suspects {
		one := Suspicion{CrashSuspect: s, Times: 1}
		for _, c := range crashes {
			span := newest.At.Sub(c.At)
			if c.ID == newest.ID || span < 0 || span > Recent || !slices.Contains(c.Suspects, s) {
				continue
			}
			one.Times, one.Span = one.Times+1, max(one.Span, span)
		}
		if one.Times > 1 {
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(a, b Suspicion) int {
		return cmp.Or(cmp.Compare(b.Times, a.Times), cmp.Compare(a.Endpoint, b.Endpoint), cmp.Compare(a.Version, b.Version))
	})
	return all
}
