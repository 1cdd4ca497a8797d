package abi

import "testing"

// sized is a result of so many bytes, whose struct is the last of them.
type sized int

func (s sized) Space() int { return int(s) }

func (s sized) Place(r *Room) uintptr {
	r.Bytes(make([]byte, int(s)-align))
	return Place(r, uint64(s))
}

// Large results that are given back make room for others, whatever their order,
// and a block goes with the last result in it.
func TestLargeResultsAreGivenBack(t *testing.T) {
	m := newMemory(t, 64*minBlock)
	f, err := m.Acquire()
	if err != nil {
		t.Fatal(err)
	}
	place := func(n int) uintptr {
		t.Helper()
		var room Room
		at, err := f.placeResult(sized(n), uint64(n), f.generation(), &room)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	give := func(at uintptr) { f.giveResult(at, f.generation()) }
	small := place(128)
	used := m.Used()
	for range 100 { // 4 blocks each, of 64
		a, b := place(3*minBlock), place(3*minBlock)
		give(b)
		give(b + align) // no result
		give(a)
		if m.Used() != used {
			t.Fatalf("%d bytes are lent, %d before", m.Used(), used)
		}
	}
	// Two in one block.
	a := place(minBlock + 16)
	b := place(minBlock + 16)
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
	place(2 * minBlock)
	f.Release()
	if m.Used() != 0 {
		t.Errorf("%d bytes are lent to nobody", m.Used())
	}
}
