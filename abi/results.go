package abi

import "slices"

// results is where those of one request lie: not in the arena, which belongs to
// whatever thread of the library uses it, but in a part of the slot that is kept
// for them, or in blocks. Small ones go with the request; each large one is
// known, so that a library that reads much, piece after piece, can give the
// pieces back.
type results struct {
	generation   uint64
	small, large span
	block        block         // that large is left of
	kept         []largeResult // oldest first
}

// span is what is left of a piece of memory.
type span struct{ next, end uintptr }

// largeResult is a result of more than minBlock bytes.
type largeResult struct {
	at    uintptr // its struct
	block block   // which others may share
}

// placeResult lays a result of n bytes out. Release waits for it.
func (f *Frame) placeResult(r Result, n, generation uint64, room *Room) (uintptr, error) {
	f.blocksMu.Lock()
	defer f.blocksMu.Unlock()
	f.grown.Store(true) // before the check; see Release
	if !f.open(generation) {
		return 0, ErrStale // the room that is left is another request's
	}
	if f.results.generation != generation {
		end := uintptr(f.base) + frameSize
		f.results = results{generation: generation, small: span{end - resultSpace, end}, kept: f.results.kept[:0]}
	}
	from, large := &f.results.small, n > minBlock
	if large {
		from = &f.results.large
	}
	if uint64(from.end-from.next) < n {
		next, end, err := f.addBlockLocked(n, generation)
		if err != nil {
			return 0, err
		}
		*from = span{next, end}
		if large {
			f.results.block = f.blocks[len(f.blocks)-1]
		}
	}
	*room = Room{mapped(from.next, int(n))}
	from.next += uintptr(n)
	at := r.Place(room)
	if large {
		f.results.kept = append(f.results.kept, largeResult{at, f.results.block})
	}
	return at, nil
}

// giveResult takes a large result back, and its block with the last one there.
// Others, and what is no result at all, stay until Release.
func (f *Frame) giveResult(at uintptr, generation uint64) {
	f.blocksMu.Lock()
	defer f.blocksMu.Unlock()
	if f.results.generation != generation || !f.open(generation) {
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
