package main

import (
	"fmt"
	"slices"
)

// account is what one connection knows of a number in the database that only it
// counts up: what was acknowledged, and what may have been done besides.
type account struct {
	acknowledged, uncertain int64
}

// accountsEach is how many numbers a connection has at an endpoint.
const accountsEach = 4

// newAccounts are for one connection, by the number of the endpoint.
func newAccounts(endpoints []*soaked) map[int]*[accountsEach]account {
	all := map[int]*[accountsEach]account{}
	for _, e := range endpoints {
		if e.ledger {
			all[e.number] = &[accountsEach]account{}
		}
	}
	return all
}

// askLedger reads, or one time in eight counts.
func askLedger(s *slot, e *soaked) (request, want string) {
	n := s.random.IntN(accountsEach)
	s.account, s.counts = &s.accounts[e.number][n], s.random.IntN(8) == 0
	path := fmt.Sprintf("/%s/%s-%d-%d", e.name, e.name, s.number, n)
	if s.counts {
		return post(path, ""), ""
	}
	return get(path), ""
}

// ledgerAnswers are what a ledger may answer.
var ledgerAnswers = []string{"counted", "remembered", "read"}

// settleLedger checks what a ledger has answered: what was acknowledged is
// there, and nothing that was never asked for.
func (s *slot) settleLedger(r reply) (version uint64) {
	var name, how string
	var n int64
	if _, err := fmt.Sscanf(string(r.body), "%s %s %d\n", &name, &how, &n); err != nil {
		return 0
	}
	a := s.account
	low, high := a.acknowledged, a.acknowledged+a.uncertain
	if s.counts {
		low, high = low+1, high+1
	}
	if n < low || n > high || (how == "counted") != s.counts || !slices.Contains(ledgerAnswers, how) {
		return 0
	}
	s.answers[how]++
	if s.counts {
		a.acknowledged, a.uncertain = n, high-n
	}
	return uint64(slices.Index(versionNames[:], name) + 1)
}

// doubtLedger is for a request without a whole right answer: it may have been
// done, or may be done later.
func (s *slot) doubtLedger() {
	if s.counts {
		s.account.uncertain++
	}
}
