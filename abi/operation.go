package abi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
	"unsafe"
)

const maxOperations = 256

// ErrOperations says that a list of operations is malformed.
var ErrOperations = errors.New("malformed list of operations")

// Service runs the operations that libraries ask for. One value stands for a
// service as one endpoint sees it.
type Service interface {
	// Start begins an operation. It takes what it needs of op.Args before it
	// returns and sees that op.Finish is called exactly once, from any
	// goroutine, during Start or later. It must not block.
	Start(op *Operation)
}

// Operation is one operation under way.
type Operation struct {
	Code     uint32
	Args     Args
	Deadline time.Time
	// Cancel, when Start set it, is called at most once if nobody waits for
	// the result any more. Finish has to be called all the same.
	Cancel func()

	list   *Operations
	done   bool
	status Status
	result Result
}

// Result is the outcome of an operation, laid out for the library when the
// request that waits for it goes on.
type Result interface {
	// Layout is the size of the result struct of edge_gateway.h, and of the
	// bytes that it points to.
	Layout() (size uint32, payload int)
	// Encode fills the struct. Its struct_size is set already.
	Encode(*Struct)
}

// Finish tells the outcome; result may be nil. It never blocks.
func (op *Operation) Finish(status Status, result Result) {
	l := op.list
	l.mu.Lock()
	defer l.mu.Unlock()
	if op.done || l.closed {
		return
	}
	op.done, op.status, op.result = true, status, result
	if l.open--; l.open == 0 {
		close(l.done)
	}
}

// Operations is a list of operations that run side by side.
type Operations struct {
	frame      *Frame // nil for an instance's own
	instance   *Instance
	generation uint64
	ops        []Op // the library's list, in its memory

	done   chan struct{}
	mu     sync.Mutex
	open   int
	closed bool
	run    []Operation
}

// Operations starts what the response of an entry that returned EG_AWAIT lists.
func (i *Instance) Operations(f *Frame, deadline time.Time) (*Operations, error) {
	r := *f.resp
	if r.Resume == 0 {
		return nil, fmt.Errorf("%w: EG_AWAIT without a resume function", ErrOperations)
	}
	return startOperations(f, f.generation(), i, r.Ops, r.OpCount, deadline)
}

func startOperations(f *Frame, generation uint64, i *Instance, list uintptr, count uint64, deadline time.Time) (*Operations, error) {
	if count == 0 || count > maxOperations || list == 0 {
		return nil, fmt.Errorf("%w: %d operations at %#x", ErrOperations, count, list)
	}
	l := &Operations{
		frame: f, generation: generation, instance: i,
		ops:  unsafe.Slice(at[Op](list), count),
		done: make(chan struct{}), open: int(count), run: make([]Operation, count),
	}
	err := guarded(func() error {
		for n := range l.ops {
			op := &l.run[n]
			*op = Operation{Code: l.ops[n].Code, Args: argsAt(l.ops[n].Args), Deadline: deadline, list: l}
			service, ok := i.services.Load(l.ops[n].Service)
			if !ok {
				op.Finish(ErrInvalid, nil)
				continue
			}
			i.begin(service.(Service), op)
		}
		return nil
	})
	if err != nil {
		l.close()
		return nil, fmt.Errorf("%w: %w", ErrOperations, err)
	}
	return l, nil
}

// CutOperations gives every operation that the response lists a status without
// starting it, for a request that is over already.
func (f *Frame) CutOperations(cut Status) {
	r := *f.resp
	if r.OpCount == 0 || r.OpCount > maxOperations || r.Ops == 0 {
		return
	}
	_ = guarded(func() error {
		ops := unsafe.Slice(at[Op](r.Ops), r.OpCount)
		for n := range ops {
			ops[n].Status, ops[n].Result = int32(cut), 0
		}
		return nil
	})
}

// Resumable tells whether the response names a resume function.
func (f *Frame) Resumable() bool { return f.resp.Resume != 0 }

// begin starts one operation. A panic of the service answers that operation and
// no other; one for an argument that cannot be read goes on.
func (i *Instance) begin(s Service, op *Operation) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if _, unreadable := p.(interface{ Addr() uintptr }); unreadable {
			panic(p) // for guarded: the whole list is malformed
		}
		i.opts.Host.Log(slog.LevelError, "", fmt.Sprintf("a service panicked: %v", p))
		op.Finish(ErrInternal, nil)
	}()
	s.Start(op)
}

// Done is closed when every operation has its outcome.
func (l *Operations) Done() <-chan struct{} { return l.done }

// close cuts off what has no outcome yet.
func (l *Operations) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	for n := range l.run {
		if op := &l.run[n]; !op.done && op.Cancel != nil {
			op.Cancel()
		}
	}
}

// Finish writes statuses and results into the library's list. Operations
// without an outcome get the status cut, and what they bring later is dropped.
func (l *Operations) Finish(cut Status) error {
	l.close()
	return guarded(func() error {
		for n := range l.run {
			op := &l.run[n]
			status, result := op.status, uintptr(0)
			if !op.done {
				status = cut
			} else if op.result != nil {
				var err error
				if result, err = l.encode(op.result); err != nil {
					status = ErrNoMemory
				}
			}
			l.ops[n].Status, l.ops[n].Result = int32(status), result
		}
		return nil
	})
}

func (l *Operations) encode(r Result) (uintptr, error) {
	size, payload := r.Layout()
	total := uint64(size+15)&^15 + uint64(payload)
	var next uintptr
	var err error
	if l.frame != nil {
		next, err = l.frame.resultRoom(total, l.generation)
	} else {
		next, err = l.instance.resultRoom(total)
	}
	if err != nil {
		return 0, err
	}
	room := mapped(next, int(total))
	clear(room[:size])
	s := Struct{fields: room[:size], payload: room[(size+15)&^15:]}
	s.PutUint32(0, size)
	r.Encode(&s)
	return next, nil
}

// resultRoom is room for results: not in the arena, which belongs to whatever
// thread of the library uses it.
func (f *Frame) resultRoom(n, generation uint64) (uintptr, error) {
	n = (n + 15) &^ 15
	f.blocksMu.Lock()
	defer f.blocksMu.Unlock()
	if uint64(f.results.end-f.results.next) < n {
		next, end, err := f.addBlockLocked(n, generation)
		if err != nil {
			return 0, err
		}
		f.results.next, f.results.end = next, end
	}
	next := f.results.next
	f.results.next += uintptr(n)
	return next, nil
}

// Struct is a result struct being filled.
type Struct struct {
	fields  []byte
	payload []byte
}

// PutUint32 stores v at an offset of the struct.
func (s *Struct) PutUint32(off int, v uint32) { binary.NativeEndian.PutUint32(s.fields[off:], v) }

// PutUint64 stores v, an int64 or a uint64, at an offset of the struct.
func (s *Struct) PutUint64(off int, v uint64) { binary.NativeEndian.PutUint64(s.fields[off:], v) }

// PutBytes copies b into the payload and stores an eg_bytes at an offset.
func (s *Struct) PutBytes(off int, b []byte) {
	n := copy(s.payload, b)
	s.PutUint64(off, uint64(uintptr(unsafe.Pointer(unsafe.SliceData(s.payload)))))
	s.PutUint64(off+8, uint64(n))
	s.payload = s.payload[n:]
}

// Args is the argument struct of an operation, in memory of the library: valid
// until Start returns.
type Args struct{ b []byte }

func argsAt(address uintptr) Args {
	if address == 0 {
		return Args{}
	}
	size := *at[uint32](address)
	if size < 4 || size > 4096 {
		return Args{}
	}
	return Args{unsafe.Slice(at[byte](address), size)}
}

// Has tells whether the struct is at least n bytes long.
func (a Args) Has(n int) bool { return len(a.b) >= n }

// Int64 reads the field at an offset; 0 if the struct is too short.
func (a Args) Int64(off int) int64 {
	if !a.Has(off + 8) {
		return 0
	}
	return int64(binary.NativeEndian.Uint64(a.b[off:]))
}

// Bytes reads an eg_bytes at an offset; nil if the struct is too short or the
// bytes are absent. They are the library's: copy what outlives Start.
func (a Args) Bytes(off int) []byte {
	if !a.Has(off + 16) {
		return nil
	}
	b := Bytes{Ptr: uintptr(a.Int64(off)), Len: uint64(a.Int64(off + 8))}
	v, err := view(b, 1<<32)
	if err != nil {
		return nil
	}
	return v
}
