package email

import (
	"math/rand/v2"
	"time"
)

const longest = time.Hour // between two tries

// backoff is how long to wait after a try: the first time `first`, then twice
// as long each time, up to an hour, less up to a quarter of it, so that mails
// which failed together do not come back together.
func backoff(first time.Duration, attempts int) time.Duration {
	wait := first
	for n := 1; n < attempts && wait < longest; n++ {
		wait *= 2
	}
	wait = min(wait, longest)
	return wait - time.Duration(rand.Float64()*float64(wait)/4)
}
