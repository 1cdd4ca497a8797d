package abi

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"
)

// Link is memory that a gateway shares with the process of one isolated
// handler, mapped at the same address in both, so that a request is laid out in
// it once and every pointer inside means the same on both sides.
//
// The gateway's side is made by NewLink and used through a [Remote]; the other
// side is opened by OpenLink and used through a [Guest].
//
//	header | calls | replies | frames | blocks of the gateway | blocks of the guest
//
// What the gateway must be able to rely on, such as which block is free and
// which message is next, lies in its own heap: the other process may write
// anything here. What it reads here it copies before it looks.
type Link struct {
	memory, bell *os.File
	bellFD       int
	mapped       unsafe.Pointer
	size         uintptr
	layout       *linkLayout
	frames       *Memory // as this side has it

	// users has one for each request and operation that has memory here, and
	// closing when no more may come: whoever brings it down to that unmaps.
	users atomic.Int64
}

// Errors of links that callers tell apart.
var (
	// ErrNoLink says that the system has no memory to share this way.
	ErrNoLink = errors.New("this system cannot run a handler in a process of its own")
	// ErrGone says that the process at the other end has ended.
	ErrGone = errors.New("the handler's process has ended")
)

// Lost is what a request is completed with whose process has ended: the client
// gets 502. No library ever sees it.
const Lost Status = -1000

const (
	linkMagic = 0x6567_6c69_6e6b_0001

	// Where a link is mapped: at the first free one of these places.
	linkBase   = 0x210000000000
	linkStride = 0x1000000000 // 64 GiB
	linkPlaces = 256
	linkMost   = 1 << 30 // bytes that limit may be; the address space for them is eightfold
)

// linkLayout is the beginning of the memory. Frames follow.
type linkLayout struct {
	magic  uint64
	base   uint64 // where it is mapped
	blocks uint64 // bytes of each side's block space
	limit  uint64 // of them in use
	_      [32]byte
	guest  waiters // for calls
	_      [52]byte
	asleep atomic.Uint32 // 1: the gateway waits for the bell
	_      [60]byte
	calls  ring
	answer ring
}

// linkHead is what comes before the frames.
const linkHead = (unsafe.Sizeof(linkLayout{}) + 0xffff) &^ 0xffff

// NewLink makes a link. limit bounds the bytes of blocks that each side may have
// in use together, and is taken for 1 GiB if it is more; requests that fit a
// frame need none.
func NewLink(limit int64) (*Link, error) {
	limit = min(limit, linkMost)
	// Blocks of several sizes share the space, and none is ever split.
	blocks := uintptr(max(8*limit, 1<<30)+0xffff) &^ 0xffff
	size := linkHead + maxFrames*frameSize + 2*blocks
	memory, err := sharedFile("edge-gateway-link", int64(size))
	if errors.Is(err, ErrNoRecorder) {
		return nil, ErrNoLink
	}
	if err != nil {
		return nil, fmt.Errorf("make a link: %w", err)
	}
	l := &Link{memory: memory, size: size}
	for place := range uintptr(linkPlaces) {
		if l.mapped, err = mapSharedAt(memory, linkBase+place*linkStride, size); err == nil {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("map a link: %w", err), memory.Close())
	}
	l.layout = (*linkLayout)(l.mapped) // sound as a Recorder's: integers only, and it stays mapped until Close
	if l.bell, err = newBell(); err != nil {
		return nil, errors.Join(err, l.unmap())
	}
	if err := l.findBell(); err != nil {
		return nil, errors.Join(err, l.unmap())
	}
	l.layout.magic = linkMagic
	l.layout.base = uint64(uintptr(l.mapped))
	l.layout.blocks, l.layout.limit = uint64(blocks), uint64(limit)
	first := uintptr(maxFrames * frameSize)
	l.frames = l.share(first, first+blocks)
	return l, nil
}

// Files are what the other process has to inherit, in the order of OpenLink.
func (l *Link) Files() (memory, bell *os.File) { return l.memory, l.bell }

// OpenLink is the other side's end. It takes the files.
func OpenLink(memory, bell *os.File) (*Link, error) {
	info, err := memory.Stat()
	if err != nil {
		return nil, fmt.Errorf("open the link: %w", err)
	}
	head := make([]byte, 4*8)
	if _, err := memory.ReadAt(head, 0); err != nil {
		return nil, fmt.Errorf("open the link: %w", err)
	}
	words := (*[4]uint64)(unsafe.Pointer(unsafe.SliceData(head))) // magic, base, blocks, limit
	if words[0] != linkMagic {
		return nil, fmt.Errorf("file %q is not a link of this program", memory.Name())
	}
	l := &Link{memory: memory, bell: bell, size: uintptr(info.Size())}
	if l.mapped, err = mapSharedAt(memory, uintptr(words[1]), l.size); err != nil {
		return nil, fmt.Errorf("map the link where the gateway has it, at %#x: %w", words[1], err)
	}
	l.layout = (*linkLayout)(l.mapped)
	if err := l.findBell(); err != nil {
		return nil, errors.Join(err, l.unmap())
	}
	l.openGuest()
	return l, nil
}

// findBell notes the bell's descriptor. Fd would make it block, for both sides.
func (l *Link) findBell() error {
	conn, err := l.bell.SyscallConn()
	if err != nil {
		return err
	}
	return conn.Control(func(fd uintptr) { l.bellFD = int(fd) })
}

// ring wakes the gateway, which itself never touches the bell but to wait for it:
// the other side may have filled it, or made it one that blocks.
func (l *Link) ring() { ringBell(l.bellFD) }

// openGuest makes the memory that of the guest's side.
func (l *Link) openGuest() {
	first := uintptr(maxFrames*frameSize) + uintptr(l.layout.blocks)
	l.frames = l.share(first, first+uintptr(l.layout.blocks))
}

// share is the memory of a side whose blocks lie between two offsets.
func (l *Link) share(first, end uintptr) *Memory {
	m := &Memory{
		base: unsafe.Add(l.mapped, linkHead), size: l.size - linkHead,
		next: first, end: end, limit: int64(l.layout.limit), link: l,
	}
	m.slots.Store(&slots{})
	return m
}

const (
	linkClosing = 1 << 62
	linkClosed  = linkClosing | 1<<61
)

// use keeps the memory mapped until leave; false after Close.
func (l *Link) use() bool {
	if l.users.Add(1)&linkClosing == 0 {
		return true
	}
	l.leave()
	return false
}

func (l *Link) leave() {
	if l.users.Add(-1) == linkClosing && l.users.CompareAndSwap(linkClosing, linkClosed) {
		_ = l.unmap()
	}
}

// Close gives the memory up when the last request has let go of it. To be called
// once, on the gateway's side after Ended.
func (l *Link) Close() {
	l.users.Add(1)
	l.users.Add(linkClosing)
	l.leave()
}

func (l *Link) unmap() error {
	err := unmapShared(l.mapped, l.size)
	if l.bell != nil {
		err = errors.Join(err, l.bell.Close())
	}
	return errors.Join(err, l.memory.Close())
}
