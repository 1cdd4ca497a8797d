package abi

import (
	"runtime/debug"
	"time"
	"unsafe"
)

// The life of a frame's control word. The goroutine that owns the frame and
// the thread that calls complete() meet here and nowhere else: each transition
// is one compare-and-swap, and whoever takes a completion (to stateEarlyCopy or
// stateCopy) sends exactly one signal on done when its copy is finished.
//
//	running ── complete() ──> earlyCopy ──> early     (signal)
//	running ── Park() ──────> pending
//	pending ── complete() ──> copy ──────> completed  (signal)
//	pending ── Abandon() ───> late ── complete() ──> completed (late() runs)
//	running ── Settle() ────> completed
const (
	stateFree = iota
	stateRunning
	stateEarlyCopy
	stateEarly
	statePending
	stateCopy
	stateLate
	stateCompleted

	stateBits = 8
	stateMask = 1<<stateBits - 1
)

// A token of a request is generation<<slotBits | slot; that of an instance has
// the top bit set. At a million requests a second a slot's 47 bits of
// generation last for more than four years of that slot alone.
const (
	slotBits      = 16
	slotMask      = 1<<slotBits - 1
	instanceToken = 1 << 63
)

func (f *Frame) generation() uint64 { return f.control.Load() >> stateBits }

// Token names this request to a library. It is never 0 and never re-used.
func (f *Frame) Token() uint64 {
	return (f.generation()<<slotBits | uint64(f.slot)) &^ instanceToken
}

// move swaps the state of the given generation.
func (f *Frame) move(generation uint64, from, to uint64) bool {
	return f.control.CompareAndSwap(generation<<stateBits|from, generation<<stateBits|to)
}

// Park says that the entry returned EG_PENDING. Afterwards exactly one signal
// comes on Done, unless Abandon succeeds.
func (f *Frame) Park() { f.move(f.generation(), stateRunning, statePending) }

// Done signals that a completion was taken; see TakeCompletion.
func (f *Frame) Done() <-chan struct{} { return f.done }

// Abandon gives a parked request up: it was answered without its handler. When
// complete() comes at last, late runs on a goroutine of its own and has to
// Release the frame. False means that a completion is being taken at this
// moment: wait for Done instead.
func (f *Frame) Abandon(late func()) bool {
	f.late = late // published by the swap
	return f.move(f.generation(), statePending, stateLate)
}

// Settle says that the entry answered by itself. A completion that came early
// is dropped, after its copy is finished.
func (f *Frame) Settle() {
	if !f.move(f.generation(), stateRunning, stateCompleted) {
		<-f.done
	}
}

// TakeCompletion makes the completion the frame's response, after Done. status
// is what the handler completed with or, if not ok, why that was not taken.
func (f *Frame) TakeCompletion() (status Status, ok bool) {
	*f.resp = *f.completed
	return f.completion, f.taken
}

// complete is eg_host.complete for a request's token. The caller has checked
// that the frame exists; the token's generation may be any.
func (f *Frame) complete(token uint64, status Status, response uintptr) Status {
	generation := token >> slotBits
	for {
		word := f.control.Load()
		if word>>stateBits != generation {
			return ErrStale
		}
		switch word & stateMask {
		case stateRunning:
			if f.move(generation, stateRunning, stateEarlyCopy) {
				return f.take(generation, status, response, stateEarly)
			}
		case statePending:
			overdue := f.overdue()
			if f.move(generation, statePending, stateCopy) {
				if overdue {
					f.take(generation, ErrDeadline, 0, stateCompleted)
					return ErrDeadline
				}
				return f.take(generation, status, response, stateCompleted)
			}
		case stateLate:
			if f.move(generation, stateLate, stateCompleted) {
				go f.late()
				return ErrDeadline
			}
		case stateFree:
			return ErrStale
		default:
			return ErrDone
		}
	}
}

// overdue tells, in the process of an isolated handler, whether the gateway has
// given the request up: it does so at the same moment, and its word of it may still
// be under way.
func (f *Frame) overdue() bool {
	return f.mem.link != nil && int64(time.Since(began)) >= f.expires.Load()
}

// began is what times that do not jump are counted from.
var began = time.Now()

// take copies the response and signals the owner.
func (f *Frame) take(generation uint64, status Status, response uintptr, to uint64) Status {
	var result Status
	if g := f.mate.Load(); g != nil {
		result = f.adopt(g, status)
	} else {
		result = f.copyCompletion(generation, status, response)
	}
	f.control.Store(generation<<stateBits | to)
	f.done <- struct{}{}
	return result
}

// copyCompletion copies a response of a library into memory of the frame. The
// owner is parked or inside native code, so nobody else writes f.completed.
func (f *Frame) copyCompletion(generation uint64, status Status, response uintptr) (result Status) {
	*f.completed = Response{}
	f.completion, f.taken = ErrInvalid, false
	defer func() {
		if recover() != nil { // an address that cannot be read
			*f.completed = Response{}
			f.completion, result = ErrInvalid, ErrInvalid
		}
	}()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))

	if status > OK || (status == OK && response == 0) {
		return ErrInvalid
	}
	if response == 0 {
		f.completion, f.taken = status, true
		return OK
	}
	from := *at[Response](response)
	if from.HeaderCount > maxAnswerHeaders {
		return ErrInvalid
	}
	total := from.HeaderCount * uint64(unsafe.Sizeof(Field{}))
	fields := make([]Field, from.HeaderCount)
	sizes := []*Bytes{&from.Body, &from.Message}
	if from.HeaderCount > 0 {
		if from.Headers == 0 {
			return ErrInvalid
		}
		copy(fields, unsafe.Slice(at[Field](from.Headers), from.HeaderCount))
		for i := range fields {
			sizes = append(sizes, &fields[i].Name, &fields[i].Value)
		}
	}
	for _, b := range sizes {
		if b.Ptr == 0 && b.Len > 0 {
			return ErrInvalid
		}
		if b.Len > f.MaxAnswer {
			f.completion = ErrTooLarge
			return ErrTooLarge
		}
		total += b.Len
	}
	next, end, err := f.addBlock(total, generation)
	if err != nil {
		f.completion = ErrNoMemory
		return ErrTooLarge
	}
	room := mapped(next, int(end-next))
	used := len(fields) * int(unsafe.Sizeof(Field{}))
	for _, b := range sizes {
		if b.Ptr == 0 {
			continue
		}
		copy(room[used:], unsafe.Slice(at[byte](b.Ptr), b.Len))
		b.Ptr = next + uintptr(used)
		used += int(b.Len)
	}
	copy(unsafe.Slice(at[Field](next), len(fields)), fields)
	*f.completed = Response{
		StructSize: uint32(unsafe.Sizeof(Response{})), Status: from.Status,
		Headers: next, HeaderCount: from.HeaderCount, Body: from.Body, Message: from.Message,
	}
	f.completion, f.taken = status, true
	return OK
}
