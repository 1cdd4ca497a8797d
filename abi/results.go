package abi

import "slices"

// Results of a request lie in blocks of their own: not in the arena, which
// belongs to whatever thread of the library uses it. Small ones go with the
// request; each large one is known, so that a library that reads much, piece
// after piece, can give the pieces back.
type results struct {
	small, large span
	block        block         // that large is left of
	kept         []largeResult // oldest first
}

// forget makes them empty, once the blocks are given back.
func (r *results) forget() { *r = results{kept: r.kept[:0]} }

// span is what is left of a block.
type span struct{ next, end uintptr }

// largeResult is a result of more than minBlock bytes.
type largeResult struct {
	at    uintptr // its struct, once that is placed
	block block   // which others may share
}

// take cuts n bytes off; 0 if there are not as many.
func (s *span) take(n uint64) uintptr {
	if uint64(s.end-s.next) < n {
		return 0
	}
	at := s.next
	s.next += uintptr(n)
	return at
}

// resultRoom is room for a result.
func (f *Frame) resultRoom(n, generation uint64) (uintptr, error) {
	n = (n + 15) &^ 15
	f.blocksMu.Lock()
	defer f.blocksMu.Unlock()
	from := &f.results.small
	if n > minBlock {
		from = &f.results.large
	}
	at := from.take(n)
	if at == 0 {
		next, end, err := f.addBlockLocked(n, generation)
		if err != nil {
			return 0, err
		}
		*from = span{next, end}
		at = from.take(n)
		if n > minBlock {
			f.results.block = f.blocks[len(f.blocks)-1]
		}
	}
	if n > minBlock {
		f.results.kept = append(f.results.kept, largeResult{at, f.results.block})
	}
	return at, nil
}

// moveResult notes that the struct of a large result does not lie where its
// room starts.
func (f *Frame) moveResult(from, to uintptr) {
	f.blocksMu.Lock()
	defer f.blocksMu.Unlock()
	if n := f.results.find(from); n >= 0 {
		f.results.kept[n].at = to
	}
}

// giveResult takes a large result back, and its block with the last one there.
// Others, and what is no result at all, stay until Release.
func (f *Frame) giveResult(at uintptr, generation uint64) {
	f.blocksMu.Lock()
	defer f.blocksMu.Unlock()
	if f.control.Load()>>stateBits != generation {
		return
	}
	n := f.results.find(at)
	if n < 0 {
		return
	}
	b := f.results.kept[n].block
	f.results.kept = slices.Delete(f.results.kept, n, n+1)
	if slices.ContainsFunc(f.results.kept, func(r largeResult) bool { return r.block == b }) {
		return
	}
	f.blocks = slices.DeleteFunc(f.blocks, func(other block) bool { return other == b })
	if f.results.block == b {
		f.results.large, f.results.block = span{}, block{}
	}
	f.mem.giveBlock(b)
}

// find looks from the newest on, which is what is given back most often.
func (r *results) find(at uintptr) int {
	for n := len(r.kept) - 1; n >= 0; n-- {
		if r.kept[n].at == at {
			return n
		}
	}
	return -1
}
