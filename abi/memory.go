package abi

import (
	"errors"
	"fmt"
	"math/bits"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Memory is address space outside the Go heap, reserved once at a fixed
// address where that is free, so that a child process can map the same range
// and pointers inside frames mean the same there. It hands out frame slots and
// blocks. Both are committed when first needed and then kept for re-use.
//
// All methods are safe for use from every goroutine.
type Memory struct {
	base   unsafe.Pointer
	size   uintptr
	end    uintptr // offset behind the block space
	limit  int64   // bytes that blocks in use may add up to
	link   *Link   // that it is part of; nil if no other process has it
	remote *Remote // that uses it so

	used atomic.Int64 // bytes of blocks in use

	mu    sync.Mutex
	next  uintptr               // first byte of the block space never handed out
	free  [classes][]uintptr    // offsets of idle blocks by size class
	slots atomic.Pointer[slots] // frames ever made
	stack atomic.Uint64         // idle frames: tag<<32 | slot+1

	recorder *Recorder
}

type slots struct{ frames []*Frame }

// A slot holds a frame with room for a usual request. Blocks come in powers of
// four from one slot's size on.
const (
	frameSize = 32 << 10
	// At the end of a slot, for results of operations; larger ones have blocks.
	resultSpace = 4 << 10
	maxFrames   = 1 << 16
	frameBatch  = 16 // slots committed at a time

	minBlock = 16 << 10
	classes  = 10 // up to 4 GiB, far above any limit

	memoryBase = 0x200000000000
	memorySize = 64 << 30
)

// ErrMemory says that the bound on memory lent to requests is reached.
var ErrMemory = errors.New("the memory for requests is used up")

// NewMemory reserves the address space. limit bounds the bytes of all blocks
// in use together; frames come on top, one for each request in flight.
func NewMemory(limit int64) (*Memory, error) {
	for size := uintptr(memorySize); size >= 4<<30; size /= 2 {
		base, err := reserve(memoryBase, size)
		if err != nil {
			continue // a limit on address space: try with less
		}
		m := &Memory{base: base, size: size, end: size, limit: limit, next: maxFrames * frameSize}
		m.slots.Store(&slots{})
		return m, nil
	}
	return nil, fmt.Errorf("reserve %d GiB of address space: not even 4 GiB is to be had; raise the limit on virtual memory (ulimit -v)", memorySize>>30)
}

// Record has what happens in frames noted in r. To be called before any is
// acquired.
func (m *Memory) Record(r *Recorder) { m.recorder = r }

// at turns an offset into an address. Sound because the range is reserved for
// the life of the Memory, is not Go memory, and off was checked by the caller
// to lie inside it.
func (m *Memory) at(off uintptr) unsafe.Pointer { return unsafe.Add(m.base, off) }

// block is a piece of memory lent to a frame.
type block struct {
	off   uintptr
	class int
}

func (b block) size() uintptr { return minBlock << (2 * b.class) }

func classOf(n uint64) int {
	if n <= minBlock {
		return 0
	}
	return (bits.Len64((n-1)/minBlock) + 1) / 2
}

// takeBlock lends a block of at least n bytes. Its content is undefined.
func (m *Memory) takeBlock(n uint64) (block, error) {
	if n > uint64(m.limit) {
		return block{}, ErrMemory
	}
	b := block{class: classOf(n)}
	if b.class >= classes {
		return block{}, ErrMemory
	}
	size := b.size()
	if m.used.Add(int64(size)) > m.limit {
		m.used.Add(-int64(size))
		return block{}, ErrMemory
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if idle := m.free[b.class]; len(idle) > 0 {
		b.off = idle[len(idle)-1]
		m.free[b.class] = idle[:len(idle)-1]
		return b, nil
	}
	if m.end-m.next < size {
		m.used.Add(-int64(size))
		return block{}, ErrMemory
	}
	b.off = m.next
	if err := m.commit(b.off, size); err != nil {
		m.used.Add(-int64(size))
		return block{}, fmt.Errorf("%w: commit %d bytes: %w", ErrMemory, size, err)
	}
	m.next += size
	return b, nil
}

// commit makes reserved memory usable. That of a link is from the start.
func (m *Memory) commit(off, size uintptr) error {
	if m.link != nil {
		return nil
	}
	return commit(m.at(off), size)
}

// discard gives pages back to the system.
func (m *Memory) discard(off, size uintptr) {
	if m.link != nil {
		discardShared(m.at(off), size)
		return
	}
	discard(m.at(off), size)
}

// has tells whether bytes lie in the memory.
func (m *Memory) has(at uintptr, n uint64) bool {
	base := uintptr(m.base)
	return at >= base && at-base <= m.size && n <= uint64(m.size-(at-base))
}

// giveBlock takes a block back. A big one returns its pages to the system and
// keeps only its address.
func (m *Memory) giveBlock(b block) {
	if b.size() > 256<<10 {
		m.discard(b.off, b.size())
	}
	m.mu.Lock()
	m.free[b.class] = append(m.free[b.class], b.off)
	m.mu.Unlock()
	m.used.Add(-int64(b.size()))
}

// Used is the number of bytes in blocks that requests hold now.
func (m *Memory) Used() int64 { return m.used.Load() }

// Acquire lends a frame for one request; Release gives it back.
func (m *Memory) Acquire() (*Frame, error) {
	for {
		head := m.stack.Load()
		slot := uint32(head)
		if slot == 0 {
			if err := m.addFrames(); err != nil {
				return nil, err
			}
			continue
		}
		// The list is published before any of its slots is pushed.
		f := m.slots.Load().frames[slot-1]
		// f.next may be stale if another goroutine popped f meanwhile; the tag
		// in head has then changed and the swap fails.
		if m.stack.CompareAndSwap(head, pushed(head, f.next.Load())) {
			f.begin()
			return f, nil
		}
	}
}

// push makes f idle. Every push and pop raises the tag, so that a head seen
// before a pop and a push of the same slot is not taken for the current one.
func (m *Memory) push(f *Frame) {
	for {
		head := m.stack.Load()
		if f.next.Load() != uint32(head) { // most often it was popped from there
			f.next.Store(uint32(head))
		}
		if m.stack.CompareAndSwap(head, pushed(head, f.slot+1)) {
			return
		}
	}
}

func pushed(head uint64, slot uint32) uint64 {
	return (head>>32+1)<<32 | uint64(slot)
}

// addFrames commits a batch of slots.
func (m *Memory) addFrames() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if uint32(m.stack.Load()) != 0 {
		return nil // somebody else was faster
	}
	old := m.slots.Load().frames
	if len(old) == maxFrames {
		return fmt.Errorf("%w: %d requests are in flight", ErrMemory, maxFrames)
	}
	first := uintptr(len(old))
	if err := m.commit(first*frameSize, frameBatch*frameSize); err != nil {
		return fmt.Errorf("%w: commit frames: %w", ErrMemory, err)
	}
	for _, f := range m.makeFrames(old) {
		m.push(f)
	}
	return nil
}

// makeFrames adds a batch to the frames there are. The caller holds mu.
func (m *Memory) makeFrames(old []*Frame) (more []*Frame) {
	frames := make([]*Frame, len(old), len(old)+frameBatch)
	copy(frames, old)
	for i := range frameBatch {
		frames = append(frames, newFrame(m, uint32(len(old)+i)))
	}
	if m.recorder != nil {
		m.recorder.layout.frames.Store(uint32(len(frames)))
	}
	m.slots.Store(&slots{frames})
	return frames[len(old):]
}

// frame finds the frame that a token names; nil if the token names none. The
// caller checks the generation.
func (m *Memory) frame(token uint64) *Frame {
	slot := uint32(token) & slotMask
	frames := m.slots.Load().frames
	if int(slot) >= len(frames) {
		return nil
	}
	return frames[slot]
}

// InFlight counts the frames that are lent.
func (m *Memory) InFlight() int {
	n := 0
	for _, f := range m.slots.Load().frames {
		if f.control.Load()&stateMask != stateFree {
			n++
		}
	}
	return n
}
