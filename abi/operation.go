package abi

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
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
	// Cut, when Start set it, is the status that the operation ends with when
	// it is cut off, in place of the reason: for what may have happened.
	Cut Status

	list   *Operations   // that it is one of
	far    *farOperation // in place of a list, if another process asks for it
	done   bool
	status Status
	result Result
}

// Finish tells the outcome; result may be nil. It never blocks.
func (op *Operation) Finish(status Status, result Result) {
	if op.far != nil {
		op.far.finish(status, result)
		return
	}
	l := op.list
	l.mu.Lock()
	defer l.mu.Unlock()
	if op.done || l.closed {
		return
	}
	op.done, op.status, op.result = true, status, result
	if l.open--; l.open == 0 {
		l.done <- struct{}{}
	}
}

// Operations is a list of operations that run side by side.
type Operations struct {
	frame      *Frame // nil for an instance's own
	instance   *Instance
	generation uint64
	ops        []Op // the library's list, in its memory

	done   chan struct{} // one signal, when none is open; of signals
	mu     sync.Mutex
	open   int
	closed bool
	run    []Operation
	one    [1]Operation // run of a list of one, as most are
	room   Room         // of the result that is being placed
}

// signals are the channels of lists that are over.
var signals = sync.Pool{New: func() any { return make(chan struct{}, 1) }}

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
		done: signals.Get().(chan struct{}), open: int(count),
	}
	if l.run = l.one[:]; count > 1 {
		l.run = make([]Operation, count)
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
			begin(i.opts.Host, service.(Service), op)
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
func begin(host Host, s Service, op *Operation) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if _, unreadable := p.(interface{ Addr() uintptr }); unreadable {
			panic(p) // for guarded: the whole list is malformed
		}
		host.Log(slog.LevelError, "", fmt.Sprintf("a service panicked: %v", p))
		op.Finish(ErrInternal, nil)
	}()
	s.Start(op)
}

// Fail is Finish for an operation that did not succeed.
func (op *Operation) Fail(status Status, why Failure) { op.Finish(status, &why) }

// request is the frame of the request that asks, and its generation; nil for
// background work.
func (op *Operation) request() (f *Frame, generation uint64) {
	if op.far != nil {
		return op.far.frame, op.far.generation
	}
	return op.list.frame, op.list.generation
}

// Scope is that of the request; nil for background work and for a request that
// is over. During Start.
func (op *Operation) Scope() *Scope {
	f, generation := op.request()
	if f == nil {
		return nil
	}
	return f.scopeOf(generation)
}

// KnownScope is Scope if something has asked for it before, else nil: nothing
// hangs on it then. During Start.
func (op *Operation) KnownScope() *Scope {
	f, generation := op.request()
	if f == nil {
		return nil
	}
	if s := f.scope.Load(); s != nil && s.generation == generation {
		return s
	}
	return nil
}

// Background tells whether the operation belongs to no request.
func (op *Operation) Background() bool {
	f, _ := op.request()
	return f == nil
}

// RequestID is the request's; empty for background work. During Start.
func (op *Operation) RequestID() string {
	f, _ := op.request()
	if f == nil {
		return ""
	}
	return string(f.Text(TextRequestID))
}

// RequestHeader is the first header of the request with that name, in any case
// of letters; empty if there is none. During Start.
func (op *Operation) RequestHeader(name string) string {
	if f, _ := op.request(); f != nil {
		for n := range f.Headers() {
			if key, value := f.Header(n); strings.EqualFold(string(key), name) {
				return string(value)
			}
		}
	}
	return ""
}

// Lookup finds the service whose table the library names by its address.
func (op *Operation) Lookup(table uintptr) (Service, bool) {
	if op.far != nil {
		return op.far.remote.service(uint64(table))
	}
	s, ok := op.list.instance.services.Load(table)
	if !ok {
		return nil, false
	}
	return s.(Service), true
}

// Done signals once that every operation has its outcome. Not after Finish.
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
	select { // nobody sends any more
	case <-l.done:
	default:
	}
	signals.Put(l.done)
	l.done = nil
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
				if status = cut; op.Cut != 0 {
					status = op.Cut
				}
			} else if op.result != nil {
				var err error
				switch result, err = l.place(op.result); {
				case err == ErrStale:
					status = ErrStale
				case err != nil:
					status = ErrNoMemory
				}
			}
			l.ops[n].Status, l.ops[n].Result = int32(status), result
		}
		return nil
	})
}

func (l *Operations) place(r Result) (address uintptr, err error) {
	if known, ok := r.(placed); ok {
		return uintptr(known), nil
	}
	n := uint64(r.Space()+15) &^ 15
	if l.frame != nil {
		return l.frame.placeResult(r, n, l.generation, &l.room)
	}
	next, err := l.instance.resultRoom(n)
	if err != nil {
		return 0, err
	}
	l.room = Room{mapped(next, int(n))}
	if address = r.Place(&l.room); address != next {
		l.instance.moveResult(next, address)
	}
	return address, nil
}
