package abi

import "testing"

func TestRingIsFullAndEmptyAtItsEnds(t *testing.T) {
	shared := new(ring)
	from, to := sender{ring: shared}, receiver{ring: shared}
	var m message
	for range 3 {
		for n := range ringCells {
			if !from.send(&message{a: uint64(n)}) {
				t.Fatal("full at ", n)
			}
		}
		if from.send(&message{}) {
			t.Fatal("one more than it holds")
		}
		for n := range ringCells {
			if !to.receive(&m) || m.a != uint64(n) {
				t.Fatal(n, m)
			}
		}
		if to.receive(&m) || !to.empty() {
			t.Fatal("one more than was put")
		}
	}
}
