package abi

import (
	"slices"
	"time"
	"unsafe"
)

// enter runs a request, or has it wait for a thread; and then those that waited
// meanwhile.
func (g *Guest) enter(m message) {
	g.mu.Lock()
	g.inside++
	if g.running >= g.most && g.most > 0 {
		g.waiting = append(g.waiting, m)
		g.mu.Unlock()
		return
	}
	g.running++
	g.mu.Unlock()
	for {
		g.call(&m)
		g.mu.Lock()
		if len(g.waiting) == 0 {
			g.running--
			g.mu.Unlock()
			return
		}
		m = g.waiting[0]
		g.waiting = g.waiting[1:]
		g.mu.Unlock()
	}
}

func (g *Guest) call(m *message) {
	f := g.link.frames.visit(m.token)
	f.MaxAnswer = m.a
	i := g.instance.Load()
	now := time.Now()
	left := f.req.Deadline - now.UnixNano()
	f.expires.Store(int64(now.Sub(began)) + left)
	switch {
	case i == nil: // the gateway knows better
		g.refuse(f, ErrUnavailable)
	case left <= 0: // it has waited for too long
		g.refuse(f, ErrDeadline)
	default:
		g.follow(i, f, i.Enter(f))
	}
}

// refuse answers a request that the handler does not get.
func (g *Guest) refuse(f *Frame, status Status) {
	f.prepare()
	f.Settle()
	g.answer(nil, f, status, false)
}

// follow acts on what a native call returned. A request that is suspended has a
// goroutine, and no thread.
func (g *Guest) follow(i *Instance, f *Frame, status Status) {
	f.takeArena()
	switch status {
	case Await:
		go g.await(i, f)
	case Pending:
		f.Park()
		cut := g.suspend(f.Token(), true)
		go g.pend(i, f, cut)
	default:
		f.Settle()
		g.answer(i, f, status, status > OK)
	}
}

// takeArena takes what the library has used of the slot out of what is free.
func (f *Frame) takeArena() {
	if next := f.arena.Next; f.arena.End == f.end && next >= f.bump && next <= f.end {
		f.bump = next
	} else {
		f.bump = f.end // it went on in a block; what is left of the slot is not known
	}
}

// The gateway tells when the time of a request is up. This is for one that does
// not.
const awaitGrace = 100 * time.Millisecond

// await runs the operations that the handler returned, and resumes it.
func (g *Guest) await(i *Instance, f *Frame) {
	token := f.Token()
	ops, err := i.Operations(f, time.Unix(0, f.req.Deadline))
	if err != nil {
		g.Log(8, string(f.Text(TextRequestID)), "the handler awaits nothing that can be run: "+err.Error())
		if f.Resumable() {
			f.CutOperations(ErrInvalid)
			i.Resume(f, ErrCanceled)
		}
		f.Settle()
		g.answer(i, f, OK, true)
		return
	}
	cut := g.suspend(token, false)
	reason := OK
	select {
	case <-ops.Done():
	default:
		timer := time.NewTimer(time.Until(time.Unix(0, f.req.Deadline)) + awaitGrace)
		select {
		case <-ops.Done():
		case reason = <-cut:
		case <-timer.C:
			reason = ErrDeadline
		}
		timer.Stop()
	}
	g.goOn(token)
	left := reason
	if left == OK {
		left = ErrInternal // never used: all are done
	}
	if err := ops.Finish(left); err != nil && reason == OK {
		reason = ErrCanceled
	}
	status := i.Resume(f, reason)
	if reason == OK {
		g.follow(i, f, status)
		return
	}
	f.takeArena()
	f.Settle()
	g.answer(i, f, reason, false) // what the last resume answers is dropped
}

// leave takes a request out of those that wait for a thread.
func (g *Guest) leave(token uint64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := slices.IndexFunc(g.waiting, func(m message) bool { return m.token == token })
	if n < 0 {
		return false
	}
	g.waiting = slices.Delete(g.waiting, n, n+1)
	return true
}

// suspended is a request in no native code.
type suspended struct {
	cut     chan Status // has room for the reason, when nobody waits for it any more
	pending bool        // for the handler to complete it
}

func (g *Guest) suspend(token uint64, pending bool) (cut <-chan Status) {
	s := suspended{make(chan Status, 1), pending}
	g.mu.Lock()
	g.suspended[token] = s
	g.mu.Unlock()
	return s.cut
}

func (g *Guest) goOn(token uint64) {
	g.mu.Lock()
	delete(g.suspended, token)
	g.mu.Unlock()
}

// pend waits for the handler to complete a request. One that nobody waits for
// ends when it is completed all the same.
func (g *Guest) pend(i *Instance, f *Frame, cut <-chan Status) {
	defer g.goOn(f.Token())
	timer := time.NewTimer(time.Until(time.Unix(0, f.req.Deadline)))
	defer timer.Stop()
	reason := OK
	select {
	case <-f.Done():
	case reason = <-cut:
	case <-timer.C:
		reason = ErrDeadline
	}
	if reason != OK {
		if f.Abandon(func() { g.answer(i, f, reason, false) }) {
			return
		}
		<-f.Done() // it comes at this very moment
	}
	status, ok := f.TakeCompletion()
	g.answer(i, f, status, !ok)
}

// cancel cuts a request that is suspended, and tells the handler of one that is
// not waiting for operations.
func (g *Guest) cancel(token uint64) {
	if g.leave(token) {
		g.refuse(g.link.frames.visit(token), ErrDeadline)
		return
	}
	f := g.frame(token)
	i := g.instance.Load()
	if f == nil || i == nil {
		return
	}
	g.mu.Lock()
	s, is := g.suspended[token]
	g.mu.Unlock()
	if is {
		reason := ErrClosing
		if time.Now().UnixNano() >= f.req.Deadline {
			reason = ErrDeadline
		}
		select {
		case s.cut <- reason:
		default: // it is cut
		}
	}
	if i.cancel != 0 && (!is || s.pending) {
		go i.Cancel(token)
	}
}

// answer tells the gateway how a request has ended: its response, with all that
// this refers to, lies where both see it. broken says that the handler broke the
// rules.
func (g *Guest) answer(i *Instance, f *Frame, status Status, broken bool) {
	if status < OK {
		f.resp.Headers, f.resp.HeaderCount, f.resp.Body = 0, 0, Bytes{}
	}
	if err := f.shareResponse(); err != nil && status < OK {
		f.resp.Message = Bytes{} // the status says enough
	} else if err != nil {
		broken = true
	}
	if i != nil {
		i.Release(f)
	}
	m := message{kind: sayAnswer, status: status, token: f.Token()}
	if broken {
		m.b = 1
	}
	if f.grown.Load() {
		m.a = 1 // until sayDone
		// Whoever frees it sees what was written here: the word of the two goes
		// through another process, of which Go's memory model knows nothing.
		f.control.Add(0)
	} else {
		f.clear() // the next request may come as soon as the gateway has heard
	}
	g.say(&m)
	g.mu.Lock()
	if g.inside--; g.inside == 0 {
		g.empty.Broadcast()
	}
	g.mu.Unlock()
}

var responseShape = shapeOf[Response](list("Headers", "HeaderCount", maxAnswerHeaders, shapeOf[Field]()))

// shareResponse moves what the response refers to into the link, where it does
// not lie there.
func (f *Frame) shareResponse() error {
	return guarded(func() error {
		if f.resp.HeaderCount > maxAnswerHeaders || f.resp.HeaderCount > 0 && f.resp.Headers == 0 {
			return ErrAnswerHeaders
		}
		m := mover{
			may: anywhere, room: f.sharedRoom, most: f.MaxAnswer,
			bytes: func(b Bytes) (Bytes, error) { return f.share(b, f.MaxAnswer) },
		}
		if f.resp.Message.Len > maxMessage {
			f.resp.Message.Len = maxMessage
		}
		return m.parts(responseShape, uintptr(unsafe.Pointer(f.resp)), responseShape.size)
	})
}

func anywhere(uintptr, uint64) error { return nil }

// sharedRoom is room in the frame, by its address.
func (f *Frame) sharedRoom(n uint64) (uintptr, error) {
	room, err := f.room(int(n))
	return uintptr(unsafe.Pointer(unsafe.SliceData(room))), err
}

// share copies bytes into the frame, if they lie elsewhere.
func (f *Frame) share(b Bytes, most uint64) (Bytes, error) {
	v, err := view(b, most)
	if err != nil {
		return Bytes{}, err
	}
	if v == nil {
		return Bytes{Ptr: uintptr(f.base)}, nil // there, and of no bytes
	}
	return f.place(v)
}
