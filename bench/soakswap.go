package main

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// swaps is what became of the swaps.
type swaps struct {
	done    int
	refused []refusal
}

// refusal is a swap that did not come about.
type refusal struct {
	begun, ended time.Time
	err          error
}

// swapOnAndOn swaps a random endpoint every second or so.
func (s *soak) swapOnAndOn(random *rand.Rand) (err error) {
	for err == nil && s.wait(time.Second/2+time.Duration(random.Int64N(int64(time.Second)))) {
		e := s.endpoints[random.IntN(len(s.endpoints))]
		s.change(func() { err = s.swap(e, random) })
	}
	return err
}

// swap deploys the other version of an endpoint. From its end on, no request
// gets an answer of the old one.
func (s *soak) swap(e *soaked, random *rand.Rand) error {
	served := e.serves.Load()
	old, next := int(served&3)-1, 2-int(served&3)
	generation := (served>>2 + 1) << 2
	e.serves.Store(generation)
	args, up := []string{"versions", e.name, "--deploy", e.digests[next]}, 1
	switch {
	case e.digests[next] == "":
		args = []string{"deploy", e.libraries[next], "--name", e.name}
	case e.deploys > 0 && random.IntN(2) == 0:
		args, up = []string{"rollback", e.name}, -1
	}
	begun := time.Now()
	done, err := s.deploy(args...)
	if err == nil {
		if e.digests[next] == "" {
			e.digests[next] = done.New
		}
		if done.New != e.digests[next] {
			return fmt.Errorf("%v has deployed %q and not %q", args, done.New, e.digests[next])
		}
		e.deploys += up
		e.serves.Store(generation | uint64(next+1))
		s.swaps.done++
		return nil
	}
	s.swaps.refused = append(s.swaps.refused, refusal{begun, time.Now(), err})
	// A change that a crash has cut is made, or it is not; the gateway knows.
	is, err := s.stateOf(e.name)
	if err != nil {
		return err
	}
	switch is.Version {
	case e.digests[old]:
		next = old
	case "":
		return fmt.Errorf("%s has no version, after %v", e.name, args)
	default:
		if e.digests[next] == "" {
			e.digests[next] = is.Version
		}
		if is.Version != e.digests[next] {
			return fmt.Errorf("%s has version %q, after %v", e.name, is.Version, args)
		}
		e.deploys += up
	}
	e.serves.Store(generation | uint64(next+1))
	return nil
}
