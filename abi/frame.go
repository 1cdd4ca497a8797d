package abi

import (
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// Limits of one request's frame. A request with more is refused by the gateway
// before a frame is filled.
const (
	MaxHeaders = 128
	MaxParams  = 16
)

// Where things lie in a slot. The rest of it is the start of the arena.
const (
	offRequest   = 0
	offResponse  = offRequest + unsafe.Sizeof(Request{})
	offCompleted = offResponse + unsafe.Sizeof(Response{})
	offArena     = offCompleted + unsafe.Sizeof(Response{})
	offParams    = (offArena + unsafe.Sizeof(Arena{}) + 15) &^ 15
	offHeaders   = offParams + MaxParams*unsafe.Sizeof(Field{})
	offData      = offHeaders + MaxHeaders*unsafe.Sizeof(Field{})
)

// Frame is one request as a library sees it: mapped memory with the request,
// the response and the arena, and the host's notes about it in the Go heap.
//
// Who owns it: the goroutine that acquired it, from Acquire to Release. While
// that goroutine is inside native code, or parked for a completion, callbacks
// for its token reach the parts marked so, from any thread.
type Frame struct {
	mem  *Memory
	slot uint32
	next atomic.Uint32 // slot+1 of the next idle frame

	base      unsafe.Pointer // of the slot; mapped, not Go memory
	req       *Request       // these point into the slot
	texts     *[7]Bytes      // of req, by Text
	resp      *Response
	completed *Response // what complete() was given, copied
	arena     *Arena
	params    *[MaxParams]Field
	headers   *[MaxHeaders]Field

	// The space that the host fills before the entry. Kept here, since a
	// library can write the arena's own pointers.
	bump, end uintptr

	// Arguments of the native call under way. They live here because a slice
	// of an allocated array passes through a variadic call without allocation.
	args [5]uintptr

	control    atomic.Uint64 // generation<<8 | state; callbacks too
	done       chan struct{} // one signal for each completion taken
	completion Status        // its status; written before the signal
	taken      bool          // whether it could be read; written with it
	late       func()        // run when an abandoned request is completed

	grown    atomic.Bool // blocks may be non-empty; callbacks too
	blocksMu sync.Mutex
	blocks   []block               // lent to this frame; callbacks too, under blocksMu
	results  results               // under blocksMu
	scope    atomic.Pointer[Scope] // of the request's operations; callbacks too

	answer Answer // what Read shows

	record *callRecord // of the call under way

	// mate is the frame that the request has in the memory of a link, or, of such
	// a frame, the one that it stands for.
	mate    atomic.Pointer[Frame]
	held    bool         // the other process has memory for it, too; of a mate
	parting atomic.Bool  // it is free when that is; of a mate
	due     atomic.Int64 // its request's deadline, or since when it is parting, in Unix nanoseconds; of a mate
	expires atomic.Int64 // its request's deadline, in nanoseconds since began; of a guest's frame

	// MaxAnswer bounds the bytes of a body that the library hands over.
	MaxAnswer uint64
}

func newFrame(m *Memory, slot uint32) *Frame {
	base := m.at(uintptr(slot) * frameSize)
	record := new(callRecord) // that nobody reads
	if m.recorder != nil {
		record = &m.recorder.layout.call[slot]
	}
	// All these point into the slot, which stays mapped and is no Go memory.
	f := &Frame{
		mem: m, slot: slot, base: base,
		req:       (*Request)(unsafe.Add(base, offRequest)),
		texts:     (*[7]Bytes)(unsafe.Add(base, offRequest+unsafe.Offsetof(Request{}.Method))),
		resp:      (*Response)(unsafe.Add(base, offResponse)),
		completed: (*Response)(unsafe.Add(base, offCompleted)),
		arena:     (*Arena)(unsafe.Add(base, offArena)),
		params:    (*[MaxParams]Field)(unsafe.Add(base, offParams)),
		headers:   (*[MaxHeaders]Field)(unsafe.Add(base, offHeaders)),
		done:      make(chan struct{}, 1),
		record:    record,
	}
	record.frame = uint64(uintptr(unsafe.Pointer(f)))
	return f
}

// begin starts a new generation. The frame is not visible to callbacks of
// earlier requests any more.
func (f *Frame) begin() {
	f.control.Store(((f.control.Load()>>stateBits)+1)<<stateBits | stateRunning)
	f.bump = uintptr(f.base) + offData
	f.end = uintptr(f.base) + frameSize - resultSpace
	*f.req = Request{
		StructSize: uint32(unsafe.Sizeof(Request{})),
		Headers:    uintptr(unsafe.Pointer(f.headers)),
		Params:     uintptr(unsafe.Pointer(f.params)),
		Arena:      uintptr(unsafe.Pointer(f.arena)),
		Token:      f.Token(),
	}
}

// Release ends the request and makes the frame idle. No native code may be
// running on it, and none of its memory is valid afterwards.
func (f *Frame) Release() {
	if f.mate.Load() != nil {
		f.giveMate()
	}
	f.clear()
	f.mem.push(f)
}

// clear gives up all that the request had.
func (f *Frame) clear() {
	f.control.Store(f.control.Load()&^stateMask | stateFree)
	// A callback that grows the arena sets grown before it looks at the state:
	// either it sees stateFree and leaves, or this sees grown and waits.
	if f.grown.Load() {
		f.blocksMu.Lock()
		for _, b := range f.blocks {
			f.mem.giveBlock(b)
		}
		f.blocks = f.blocks[:0]
		f.grown.Store(false)
		f.blocksMu.Unlock()
	}
	f.endScope() // after the state has changed; see scopeOf
	if f.late != nil {
		f.late = nil
	}
	f.record.end()
}

// open tells whether the request of a generation is not over.
func (f *Frame) open(generation uint64) bool {
	w := f.control.Load()
	return w>>stateBits == generation && w&stateMask != stateFree
}

// addBlock lends the frame a block until Release. Safe from callbacks.
func (f *Frame) addBlock(n uint64, generation uint64) (uintptr, uintptr, error) {
	f.blocksMu.Lock()
	defer f.blocksMu.Unlock()
	return f.addBlockLocked(n, generation)
}

func (f *Frame) addBlockLocked(n uint64, generation uint64) (uintptr, uintptr, error) {
	f.grown.Store(true) // before the check; see Release
	if !f.open(generation) {
		return 0, 0, ErrStale
	}
	b, err := f.mem.takeBlock(n)
	if err != nil {
		return 0, 0, err
	}
	f.blocks = append(f.blocks, b)
	at := uintptr(f.mem.at(b.off))
	return at, at + b.size(), nil
}

// room returns n writable bytes of the frame.
func (f *Frame) room(n int) ([]byte, error) {
	at := (f.bump + 15) &^ 15
	if at > f.end || uint64(f.end-at) < uint64(n) {
		next, end, err := f.addBlock(uint64(n), f.generation())
		if err != nil {
			return nil, err
		}
		if end-next-uintptr(n) < f.end-f.bump {
			// What is left of the slot is more than what is left of this
			// block: keep the slot for what follows.
			return mapped(next, n), nil
		}
		at, f.end = next, end
	}
	f.bump = at + uintptr(n)
	return mapped(at, n), nil
}

// mapped views frame memory as bytes. Sound because at and n come from the
// frame's own bookkeeping, which stays inside the reserved range, and because
// that range is mapped for ever and is no Go memory.
func mapped(at uintptr, n int) []byte {
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&at)), n)
}

// place puts b where a library can read it: bytes that lie in the reserved
// range already are referred to, others are copied.
func (f *Frame) place(b []byte) (Bytes, error) {
	if b == nil {
		return Bytes{}, nil
	}
	at := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	if f.mem.has(at, uint64(len(b))) {
		return Bytes{Ptr: at, Len: uint64(len(b))}, nil
	}
	room, err := f.room(len(b))
	if err != nil {
		return Bytes{}, err
	}
	copy(room, b)
	return Bytes{Ptr: uintptr(unsafe.Pointer(unsafe.SliceData(room))), Len: uint64(len(b))}, nil
}

// Room returns n bytes of the frame's memory to be filled by the caller and
// then handed to one of the Set methods, which will not copy them again.
func (f *Frame) Room(n int) ([]byte, error) { return f.room(n) }

// SetMeta fills the parts of a request that are not text.
func (f *Frame) SetMeta(received, deadline time.Time) {
	f.req.Received = received.UnixNano()
	f.req.Deadline = deadline.UnixNano()
}

// Text names a part of a request that is text.
type Text int

// The texts of a request.
const (
	TextMethod Text = iota
	TextScheme
	TextHost
	TextPath
	TextQuery
	TextPeer
	TextRequestID
)

// SetText sets one of the texts; nil makes it absent.
func (f *Frame) SetText(t Text, b []byte) (err error) {
	f.texts[t], err = f.place(b)
	return err
}

// Text is what SetText set. Valid until Release.
func (f *Frame) Text(t Text) []byte { return f.own(f.texts[t]) }

// AddHeader appends a header.
func (f *Frame) AddHeader(name, value []byte) error {
	return f.add(&f.headers[f.req.HeaderCount], &f.req.HeaderCount, name, value)
}

// AddParam appends a path parameter.
func (f *Frame) AddParam(name, value []byte) error {
	return f.add(&f.params[f.req.ParamCount], &f.req.ParamCount, name, value)
}

func (f *Frame) add(field *Field, count *uint64, name, value []byte) (err error) {
	if field.Name, err = f.place(name); err != nil {
		return err
	}
	if field.Value, err = f.place(value); err != nil {
		return err
	}
	*count++
	return nil
}

// SetBody gives the request a body; nil means that it has none.
func (f *Frame) SetBody(b []byte) (err error) {
	if b == nil {
		return nil
	}
	f.req.BodyKind = BodyWhole
	f.req.Body, err = f.place(b)
	return err
}

// prepare makes the response empty and lends the rest of the slot as arena.
func (f *Frame) prepare() {
	*f.resp = Response{StructSize: uint32(unsafe.Sizeof(Response{}))}
	*f.arena = Arena{StructSize: uint32(unsafe.Sizeof(Arena{})), Next: (f.bump + 15) &^ 15, End: f.end}
	if f.arena.Next > f.end {
		f.arena.Next = f.end
	}
}

// own views text that the host itself put into the frame. A library can write
// over it, so the length is checked against the range again.
func (f *Frame) own(b Bytes) []byte {
	if !f.mem.has(b.Ptr, b.Len) {
		return nil
	}
	return mapped(b.Ptr, int(b.Len))
}

// Headers is the number of headers; Header is one of them. Valid until Release.
func (f *Frame) Headers() int { return int(min(f.req.HeaderCount, MaxHeaders)) }

// Header is the n-th header in wire order.
func (f *Frame) Header(n int) (name, value []byte) {
	return f.own(f.headers[n].Name), f.own(f.headers[n].Value)
}

// Params is the number of path parameters.
func (f *Frame) Params() int { return int(min(f.req.ParamCount, MaxParams)) }

// Param is the n-th path parameter.
func (f *Frame) Param(n int) (name, value []byte) {
	return f.own(f.params[n].Name), f.own(f.params[n].Value)
}

// Body is the request's body; nil if it has none.
func (f *Frame) Body() []byte {
	if f.req.BodyKind == BodyNone {
		return nil
	}
	if b := f.own(f.req.Body); b != nil {
		return b
	}
	return []byte{}
}

// Times are what SetMeta set.
func (f *Frame) Times() (received, deadline time.Time) {
	return time.Unix(0, f.req.Received), time.Unix(0, f.req.Deadline)
}
