package abi

import "testing"

func TestSmallResultsLieInTheSlotAndLargeOnesInBlocks(t *testing.T) {
	m := newMemory(t, 1<<20)
	f := acquire(t, m)
	defer f.Release()
	slot := uintptr(f.base)
	used := m.Used()
	var last uintptr
	for n := range 3 {
		at := place(t, f, 100)
		if at < slot+frameSize-resultSpace || at >= slot+frameSize || at <= last || m.Used() != used {
			t.Errorf("result %d lies at %#x, %d bytes of blocks are in use", n, at-slot, m.Used())
		}
		last = at
	}
	if f.arena.End > slot+frameSize-resultSpace {
		t.Error("the arena reaches into the room for results")
	}
	if at := place(t, f, resultSpace); at >= slot && at < slot+frameSize || m.Used() == used {
		t.Errorf("a large result lies at %#x of the slot", at-slot)
	}
}

// place lays out a result with a text of n bytes.
func place(t *testing.T, f *Frame, n int) uintptr {
	t.Helper()
	result := &Failure{Message: string(make([]byte, n))}
	at, err := f.placeResult(result, uint64(result.Space()), f.generation(), &Room{})
	if err != nil {
		t.Fatal(err)
	}
	return at
}
