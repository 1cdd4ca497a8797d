package admin

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// clock is a time that a test moves.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func TestWrongTokensAreSlowedForTheirAddress(t *testing.T) {
	at := &clock{time.Now()}
	a := newAttempts(at.now)
	a.right("good")
	for i := range wrongBurst {
		if wait := a.wait("10.0.0.1", "guess"); wait > 0 {
			t.Fatalf("attempt %d has to wait %s", i, wait)
		}
		a.wrong("10.0.0.1", "guess")
	}
	if wait := a.wait("10.0.0.1", "guess"); wait <= 0 || wait > wrongEvery {
		t.Errorf("after a burst: %s", wait)
	}
	if a.wait("10.0.0.1", "good") > 0 {
		t.Error("a token that was right before has to wait")
	}
	if a.wait("10.0.0.2", "guess") > 0 {
		t.Error("another address has to wait")
	}
	at.Time = at.Add(wrongEvery)
	if wait := a.wait("10.0.0.1", "guess"); wait > 0 {
		t.Errorf("after a second: %s", wait)
	}
	a.wrong("10.0.0.1", "good") // deleted meanwhile
	if a.wait("10.0.0.1", "good") <= 0 {
		t.Error("a token that is wrong by now does not wait")
	}
}

func TestAnIPv6ClientHasOneBudget(t *testing.T) {
	a := newAttempts(time.Now)
	for i := range wrongBurst {
		a.wrong(fmt.Sprintf("2001:db8:1:2::%x", i), "guess")
	}
	if a.wait("2001:db8:1:2:ffff::1", "guess") <= 0 {
		t.Error("another address of the same network does not wait")
	}
	if a.wait("2001:db8:1:3::1", "guess") > 0 {
		t.Error("another network has to wait")
	}
}

func TestWhatIsRememberedOfAttemptsIsBounded(t *testing.T) {
	at := &clock{time.Now()}
	a := newAttempts(at.now)
	for i := range 3 * maxTracked {
		address := fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)
		a.wrong(address, "guess")
		a.tell(address)
		a.right(address)
	}
	if len(a.wrongs) > maxTracked+1 || len(a.told) > maxTracked+1 || len(a.rights) > maxRight {
		t.Errorf("%d addresses, %d told, %d tokens", len(a.wrongs), len(a.told), len(a.rights))
	}
	if a.wait("10.99.0.1", "guess") <= 0 {
		t.Error("addresses that are not tracked have no budget together")
	}
	at.Time = at.Add(trackedIdle + time.Second)
	a.wrong("10.99.0.1", "guess")
	if len(a.wrongs) > 2 {
		t.Errorf("%d addresses are remembered for ever", len(a.wrongs))
	}
}

func TestAFloodOfWrongTokensIsAnsweredAndToldOnce(t *testing.T) {
	s := serve(t)
	if got := s.do("GET", v1+"/status", ""); got.StatusCode != 200 {
		t.Fatal(got.Status)
	}
	var slowed reply
	for i := range wrongBurst + 5 {
		got := s.do("GET", v1+"/status", "", "Authorization", fmt.Sprintf("Bearer guess-%d", i))
		if got.StatusCode == http.StatusTooManyRequests {
			slowed = got
		} else if p := got.problem(t); p.Status != 401 || !strings.Contains(got.Header.Get("WWW-Authenticate"), "invalid_token") {
			t.Errorf("%s %v", got.body, got.Header)
		}
	}
	if slowed.Response == nil || slowed.Header.Get("Retry-After") != "1" {
		t.Fatal("nothing was slowed")
	}
	slowed.problem(t)
	if got := s.do("GET", v1+"/status", ""); got.StatusCode != 200 {
		t.Errorf("who has a good token is locked out: %s", got.Status)
	}
	if n := strings.Count(s.log.String(), "a token was refused"); n != 1 {
		t.Errorf("the log tells %d times", n)
	}
	if len(s.fake.notes) != 1 || s.fake.notes[0].Outcome != "denied" || s.fake.notes[0].From != "127.0.0.1" || s.fake.notes[0].By != "unknown" {
		t.Errorf("%+v", s.fake.notes)
	}
	if strings.Contains(s.log.String(), "guess-") {
		t.Error("a token is in the log")
	}
}

func TestTheAuditIsNotFilledByRefusals(t *testing.T) {
	s := serve(t)
	for i := range 3 * noteBurst {
		s.api.attempts.told = map[string]*told{} // as if each came from another address
		s.api.attempts.wrongs = map[string]*tracked{}
		s.do("GET", v1+"/status", "", "Authorization", fmt.Sprintf("Bearer guess-%d", i))
	}
	if len(s.fake.notes) > noteBurst+1 {
		t.Errorf("%d entries", len(s.fake.notes))
	}
}
