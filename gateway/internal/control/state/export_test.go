package state

import (
	"context"
	"time"
)

// Steps are those of the schema.
var Steps = steps

// OpenAt opens a state as a program does that knows some of the steps only, or
// more of them.
func OpenAt(ctx context.Context, dir string, steps []string) (*Store, error) {
	return open(ctx, dir, steps)
}

// SetClock has the state take its time from elsewhere.
func (s *Store) SetClock(now func() time.Time) { s.now = now }
