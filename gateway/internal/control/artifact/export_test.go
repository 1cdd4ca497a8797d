package artifact

import "time"

// SetClock has the store take its time from elsewhere.
func (s *Store) SetClock(now func() time.Time) { s.now = now }
