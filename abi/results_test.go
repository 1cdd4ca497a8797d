package abi

import "testing"

// Large results that are given back make room for others, whatever their order,
// and a block goes with the last result in it.
func TestLargeResultsAreGivenBack(t *testing.T) {
	m := newMemory(t, 64*minBlock)
	f, err := m.Acquire()
	if err != nil {
		t.Fatal(err)
	}
	room := func(n uint64) uintptr {
		t.Helper()
		at, err := f.resultRoom(n, f.generation())
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	give := func(at uintptr) { f.giveResult(at, f.generation()) }
	small := room(100)
	used := m.Used()
	for range 100 { // 4 blocks each, of 64
		a := room(3 * minBlock)
		b := room(3 * minBlock) // a block of its own
		f.moveResult(b, b+64)
		give(a)
		give(b) // no result any more
		give(b + 64)
		if m.Used() != used {
			t.Fatalf("%d bytes are lent, %d before", m.Used(), used)
		}
	}
	// Two in one block.
	a := room(minBlock + 1)
	b := room(minBlock + 1)
	with := m.Used()
	give(b)
	give(b)
	give(small) // goes with the request
	if m.Used() != with {
		t.Errorf("a block went while there was a result in it: %d of %d bytes", m.Used(), with)
	}
	f.giveResult(a, f.generation()+1) // another request's
	if m.Used() != with {
		t.Error("another request gave it back")
	}
	give(a)
	if m.Used() != used {
		t.Errorf("%d bytes are lent, %d before", m.Used(), used)
	}
	room(2 * minBlock)
	f.Release()
	if m.Used() != 0 || len(f.results.kept) != 0 {
		t.Errorf("%d bytes are lent, %d results kept", m.Used(), len(f.results.kept))
	}
}
