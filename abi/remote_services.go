package abi

import (
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// services are those that the handler has found, by the number that it knows
// them by: its place here, and one more. They stay for the life of the process.
type services struct {
	mu    sync.Mutex
	found []foundService
	kept  map[uintptr]block // results of background work, by address, until they are released
}

type foundService struct {
	Service
	id string
}

const maxServices = 1 << 12

func (s *services) add(one Service, id string) (number uint64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.found) == maxServices {
		return 0, false
	}
	s.found = append(s.found, foundService{one, id})
	return uint64(len(s.found)), true
}

func (s *services) get(number uint64) (foundService, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if number == 0 || number > uint64(len(s.found)) {
		return foundService{}, false
	}
	return s.found[number-1], true
}

func (r *Remote) service(number uint64) (Service, bool) {
	s, ok := r.services.get(number)
	return s.Service, ok
}

// farOperation is an operation that a handler in another process has asked for.
type farOperation struct {
	remote     *Remote
	id         uint64
	frame      *Frame // the request's own, which its scope hangs on; nil for background work
	generation uint64
	mate       *Frame
	token      uint64 // of the mate
	op         Operation
	finished   atomic.Bool
}

// asked are the operations under way, by id.
type asked struct {
	mu   sync.Mutex
	byID map[uint64]*farOperation
}

// add tells whether there was room.
func (a *asked) add(o *farOperation) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byID == nil {
		a.byID = map[uint64]*farOperation{}
	}
	if len(a.byID) == maxAsked {
		return false
	}
	a.byID[o.id] = o
	return true
}

// maxAsked is how many operations a process may have under way.
const maxAsked = 1 << 16

func (a *asked) remove(o *farOperation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byID[o.id] == o {
		delete(a.byID, o.id)
	}
}

// stop tells an operation that nobody waits for it; it finishes all the same.
func (a *asked) stop(id uint64) {
	a.mu.Lock()
	o := a.byID[id]
	delete(a.byID, id)
	a.mu.Unlock()
	if o != nil && o.op.Cancel != nil && !o.finished.Load() {
		o.op.Cancel()
	}
}

func (a *asked) stopAll() {
	a.mu.Lock()
	all := a.byID
	a.byID = nil
	a.mu.Unlock()
	for _, o := range all {
		if o.op.Cancel != nil && !o.finished.Load() {
			o.op.Cancel()
		}
	}
}

// backgroundMost is how long an operation of background work may take.
const backgroundMost = time.Minute

// operate starts an operation. Its arguments are moved out of reach of the other
// process first; of what they refer to, texts and bodies stay, which services
// copy before they look at them twice.
func (r *Remote) operate(m *message) {
	number, code := m.a>>32, uint32(m.a)
	if !r.link.use() { // until it is finished
		return
	}
	o := &farOperation{remote: r, id: m.id, token: m.token}
	o.op = Operation{Code: code, far: o, Deadline: time.Now().Add(backgroundMost)}
	if m.token&instanceToken == 0 {
		g := r.mate(m.token)
		var f *Frame
		if g != nil {
			f = g.mate.Load()
		}
		if f == nil {
			o.finish(ErrStale, nil)
			return
		}
		o.mate, o.frame, o.generation = g, f, f.generation()
		o.op.Deadline = time.Unix(0, f.req.Deadline)
	}
	service, ok := r.services.get(number)
	if !ok {
		o.finish(ErrInvalid, nil)
		return
	}
	defer r.lift.reset()
	err := guarded(func() error {
		args, err := r.lift.args(service.id, code, uintptr(m.b))
		if err == nil {
			o.op.Args = args
			if !r.asked.add(o) {
				return ErrOverloaded
			}
			begin(r.opts.Host, service.Service, &o.op)
		}
		return err
	})
	switch err {
	case nil:
	case ErrMemory:
		o.finish(ErrNoMemory, nil)
	case ErrOverloaded:
		o.finish(ErrOverloaded, nil)
	default:
		o.finish(ErrInvalid, nil)
	}
}

// finish replies with the outcome, whose result is laid out where both see it.
func (o *farOperation) finish(status Status, result Result) {
	if !o.finished.CompareAndSwap(false, true) {
		return
	}
	r := o.remote
	defer r.link.leave()
	r.asked.remove(o)
	if r.ended.Load() {
		return
	}
	var at uintptr
	if result != nil {
		var err error
		switch at, err = o.place(result); {
		case err == ErrStale:
			status = ErrStale
		case err != nil:
			status = ErrNoMemory
		}
	}
	r.reply(o.id, status, uint64(at))
}

func (o *farOperation) place(result Result) (uintptr, error) {
	n := uint64(result.Space()+15) &^ 15
	var room Room
	if o.mate != nil {
		return o.mate.placeResult(result, n, o.token>>slotBits, &room)
	}
	return o.remote.services.place(o.remote.link.frames, result, n)
}

// place lays a result of background work out.
func (s *services) place(m *Memory, result Result, n uint64) (uintptr, error) {
	b, err := m.takeBlock(n)
	if err != nil {
		return 0, err
	}
	at := result.Place(&Room{mapped(uintptr(m.at(b.off)), int(n))})
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil {
		s.kept = map[uintptr]block{}
	}
	s.kept[at] = b
	return at, nil
}

// releaseResult takes a result back that the handler is done with.
func (r *Remote) releaseResult(token uint64, at uintptr) {
	if g := r.mate(token); g != nil {
		g.giveResult(at, token>>slotBits)
		return
	}
	s := &r.services
	s.mu.Lock()
	b, ok := s.kept[at]
	delete(s.kept, at)
	s.mu.Unlock()
	if ok {
		r.link.frames.giveBlock(b)
	}
}

// backlog is replies that there was no room for: the guest is far behind. They
// keep their order among themselves.
type backlog struct {
	mu      sync.Mutex
	waiting []message
	full    bool
}

const maxBacklog = 1 << 15

// add tells whether somebody has to see to it, who is the caller then.
func (b *backlog) add(m message) (first bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) == maxBacklog {
		b.full = true // and so will its asks be unanswered; see Remote.Overdue
		return false
	}
	b.waiting = append(b.waiting, m)
	return len(b.waiting) == 1
}

func (b *backlog) overflown() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.full
}

// send tells whether there are any left.
func (b *backlog) send(tell func(*message) bool) (more bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for n < len(b.waiting) && tell(&b.waiting[n]) {
		n++
	}
	b.waiting = b.waiting[n:]
	return len(b.waiting) > 0
}

// reply answers an ask, at once if there is room.
func (r *Remote) reply(id uint64, status Status, a uint64) {
	m := message{kind: sayReply, id: id, status: status, a: a}
	if r.tell(&m) || !r.replies.add(m) || !r.link.use() {
		return
	}
	go func() { // until it is empty, or the process has ended
		defer r.link.leave()
		for !r.ended.Load() && r.replies.send(r.tell) {
			time.Sleep(time.Millisecond)
		}
	}()
}

// findService answers which service has an id and a name.
func (r *Remote) findService(m *message) {
	id, name, ok := r.texts(m)
	if !ok {
		r.reply(m.id, ErrInvalid, 0)
		return
	}
	one, status := r.opts.Host.Service(id, name)
	var number uint64
	if one != nil {
		if number, ok = r.services.add(one, id); !ok {
			status = ErrNoMemory
		} else {
			status = OK
		}
	}
	r.reply(m.id, status, number)
}

func (r *Remote) logLine(m *message) {
	if request, line, ok := r.texts(m); ok {
		r.opts.Host.Log(slog.Level(m.status), request, line)
	}
	r.reply(m.id, OK, 0)
}

// texts are the two that a message refers to.
func (r *Remote) texts(m *message) (first, second string, ok bool) {
	if m.b > 64<<10 || !r.link.frames.has(uintptr(m.a), m.b) {
		return "", "", false
	}
	return strings.Cut(string(mapped(uintptr(m.a), int(m.b))), "\x00")
}

// lift copies the arguments of one operation after the other out of a link.
type lift struct {
	remote *Remote
	blocks []block // in the gateway's own memory
	next   uintptr
	end    uintptr
}

func (l *lift) args(id string, code uint32, address uintptr) (Args, error) {
	shape := movables[id][code].args
	if shape == nil || address == 0 {
		return Args{}, nil
	}
	shared := l.remote.link.frames
	within := func(at uintptr, n uint64) error {
		if !shared.has(at, n) {
			return errOutside
		}
		return nil
	}
	m := mover{
		may: within, room: l.room, most: maxMoved,
		bytes: func(b Bytes) (Bytes, error) { return b, within(b.Ptr, b.Len) },
		table: func(number uintptr) uintptr { return number },
	}
	moved, err := m.one(shape, address)
	if err != nil {
		return Args{}, err
	}
	return argsAt(moved), nil
}

func (l *lift) room(n uint64) (uintptr, error) {
	at := (l.next + 15) &^ 15
	if at > l.end || uint64(l.end-at) < n {
		b, err := l.remote.opts.Memory.takeBlock(n)
		if err != nil {
			return 0, ErrMemory
		}
		l.blocks = append(l.blocks, b)
		at = uintptr(l.remote.opts.Memory.at(b.off))
		l.end = at + b.size()
	}
	l.next = at + uintptr(n)
	return at, nil
}

// reset keeps one small block for the next operation.
func (l *lift) reset() {
	for len(l.blocks) > 1 || len(l.blocks) == 1 && l.blocks[0].class > 0 {
		last := len(l.blocks) - 1
		l.remote.opts.Memory.giveBlock(l.blocks[last])
		l.blocks = l.blocks[:last]
	}
	l.next, l.end = 0, 0
	if len(l.blocks) == 1 {
		l.next = uintptr(l.remote.opts.Memory.at(l.blocks[0].off))
		l.end = l.next + l.blocks[0].size()
	}
}

func (l *lift) close() {
	for _, b := range l.blocks {
		l.remote.opts.Memory.giveBlock(b)
	}
	l.blocks, l.next, l.end = nil, 0, 0
}
