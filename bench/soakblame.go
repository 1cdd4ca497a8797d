package main

import (
	"errors"
	"fmt"
	"time"
)

// So many crashes within so long bring a version into quarantine.
const (
	often       = 3
	oftenWithin = time.Minute
)

// blamed brings about a fault that an endpoint is to be blamed for, and checks
// that it is, and that it is in quarantine if that was once too often.
func (s *soak) blamed(kind string, costs cost, endpoint string, do func() error) {
	before, err := s.lastCrash()
	f := s.during(kind, costs, endpoint, func() error {
		if err != nil {
			return err
		}
		err := do()
		report, missing := s.crashAfter(before.ID)
		if missing == nil && report.Endpoint != endpoint {
			missing = fmt.Errorf("the report blames %q: %+v", report.Endpoint, report)
		}
		return errors.Join(err, missing)
	})
	s.blames[endpoint] = append(s.blames[endpoint], f.begin)
	if s.recently(endpoint) < often {
		f.err = errors.Join(f.err, s.backAgain(get("/"+endpoint+"/none")))
		f.end = time.Now()
		return
	}
	delete(s.blames, endpoint)
	lifted := s.during("quarantine", itsOwnForAWhile, endpoint, func() error { return s.liftQuarantine(endpoint) })
	lifted.begin = f.begin // from then on it had no version
}

// recently counts the crashes that an endpoint was blamed for.
func (s *soak) recently(endpoint string) (n int) {
	for _, at := range s.blames[endpoint] {
		if time.Since(at) < oftenWithin {
			n++
		}
	}
	return n
}

// liftQuarantine checks that an endpoint answers 503 since its version is in
// quarantine, and gives that another try.
func (s *soak) liftQuarantine(endpoint string) error {
	version, err := s.inQuarantine(endpoint)
	if err != nil {
		return err
	}
	r, err := askFresh(s.gateway.address, "/"+endpoint+"/none")
	if err != nil || r.status != 503 || !r.retryAfter {
		err = fmt.Errorf("in quarantine it answers %d %q (%v)", r.status, r.body, err)
	}
	if _, failed := s.deploy("versions", endpoint, "--deploy", version); failed != nil {
		return errors.Join(err, failed)
	}
	return errors.Join(err, s.backAgain(get("/"+endpoint+"/none")))
}

// inQuarantine waits until the record of it is there.
func (s *soak) inQuarantine(endpoint string) (version string, err error) {
	for deadline := time.Now().Add(backWithin); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		state, err := s.stateOf(endpoint)
		if err != nil {
			return "", err
		}
		if len(state.Quarantine) == 1 {
			return state.Quarantine[0].Version, nil
		}
	}
	return "", errors.New("the version with the crashes is not in quarantine")
}
