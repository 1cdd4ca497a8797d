package main

import (
	"testing"
	"time"
)

func TestOnlyWhatAFaultMayCostIsAllowed(t *testing.T) {
	began := time.Now()
	at := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	of := func(what, endpoint string, slot, from, to int) event {
		return event{what: what, endpoint: endpoint, slot: slot, dialed: began, begun: at(from), ended: at(to)}
	}
	with := func(costs cost, endpoint string) *fault {
		return &fault{costs: costs, endpoint: endpoint, begin: at(10_000), end: at(10_100), lost: map[int]int{}, told: map[string]int{}}
	}
	for _, test := range []struct {
		name    string
		fault   *fault
		events  []event
		allowed int
	}{
		{"a crash costs a connection its request", with(aRequestEach, ""), []event{of("lost", "a", 1, 9000, 10_050)}, 1},
		{"and others theirs", with(aRequestEach, ""), []event{of("lost", "a", 1, 10_010, 10_050), of("lost", "a", 2, 9000, 10_050)}, 2},
		{"but not a second one", with(aRequestEach, ""), []event{of("lost", "a", 1, 10_010, 10_050), of("lost", "a", 1, 10_060, 10_070)}, 1},
		{"nor an answer that is wrong", with(aRequestEach, ""), []event{of("wrong", "a", 1, 10_010, 10_050)}, 0},
		{"nor another status", with(aRequestEach, ""), []event{of("502", "a", 1, 10_010, 10_050)}, 0},
		{"nor a connection", with(aRequestEach, ""), []event{of("refused", "", 1, 10_010, 10_050)}, 0},
		{"nor what was lost before", with(aRequestEach, ""), []event{of("lost", "a", 1, 9000, 9999)}, 0},
		{"or long after", with(aRequestEach, ""), []event{of("lost", "a", 1, 12_000, 12_001)}, 0},
		{"a recycle costs nothing", with(nothing, ""), []event{of("lost", "a", 1, 10_010, 10_050)}, 0},
		{"an isolated crash costs its endpoint", with(itsOwnRequests, "a"), []event{of("502", "a", 1, 10_010, 10_050), of("502", "a", 1, 10_060, 10_070)}, 2},
		{"and no other", with(itsOwnRequests, "a"), []event{of("502", "b", 1, 10_010, 10_050)}, 0},
		{"and no connection", with(itsOwnRequests, "a"), []event{of("lost", "a", 1, 10_010, 10_050)}, 0},
		{"a quarantine is a 503", with(itsOwnForAWhile, "a"), []event{of("503", "a", 1, 10_010, 10_050), of("502", "a", 1, 10_060, 10_070)}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			if j := judge(test.events, []*fault{test.fault}); j.allowed != test.allowed || len(j.forbidden) != len(test.events)-test.allowed {
				t.Errorf("%+v", j)
			}
		})
	}
}

func TestALedgerKeepsWhatItHasAcknowledged(t *testing.T) {
	for _, test := range []struct {
		name, answer string
		counts       bool
		of           account
		version      uint64
		then         account
	}{
		{"counted", "first counted 6\n", true, account{5, 0}, 1, account{6, 0}},
		{"read", "second read 5\n", false, account{5, 0}, 2, account{5, 0}},
		{"remembered", "second remembered 5\n", false, account{5, 0}, 2, account{5, 0}},
		{"one was in doubt, and was done", "first counted 7\n", true, account{5, 1}, 1, account{7, 0}},
		{"one was in doubt, and was not done yet", "first counted 6\n", true, account{5, 1}, 1, account{6, 1}},
		{"one is forgotten", "first counted 5\n", true, account{5, 0}, 0, account{5, 0}},
		{"one is remembered from before", "first remembered 4\n", false, account{5, 0}, 0, account{5, 0}},
		{"one too many", "first counted 7\n", true, account{5, 0}, 0, account{5, 0}},
		{"it did not count", "first read 5\n", true, account{4, 0}, 0, account{4, 0}},
		{"no version", "third read 5\n", false, account{5, 0}, 0, account{5, 0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			of := test.of
			s := &slot{account: &of, counts: test.counts, answers: map[string]int{}}
			if version := s.settleLedger(reply{body: []byte(test.answer)}); version != test.version || of != test.then {
				t.Errorf("version %d, then %+v", version, of)
			}
		})
	}
}
