package abi

import (
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// RemoteOptions are those of a Remote. Memory and Host are required.
type RemoteOptions struct {
	Memory   *Memory   // of the gateway's frames
	Host     Host      // what the handler asks for; from any goroutine
	Recorder *Recorder // that the other process writes
}

// Remote is the gateway's end of a link: an instance in another process, as
// dispatch sees it. Its methods are safe for use from many goroutines.
//
// A request has two frames: the gateway's own, which the other process cannot
// see, and one in the link, its mate. Whoever takes the mate's reference back to
// the first completes the request: the answer, or the end of the process.
type Remote struct {
	link  *Link
	opts  RemoteOptions
	calls sender
	stuck atomic.Int64 // since when there is no room for messages, in Unix nanoseconds; 0: there is
	ended atomic.Bool

	hearing sync.Mutex // held by who takes messages; guards what follows
	answers receiver
	lift    lift

	services services
	asked    asked
	replies  backlog
}

// NewRemote makes the gateway's end. Run has to be running for it to be of use.
func NewRemote(l *Link, o RemoteOptions) *Remote {
	r := &Remote{link: l, opts: o}
	r.calls.ring = &l.layout.calls
	r.answers.ring = &l.layout.answer
	r.lift.remote = r
	l.frames.remote = r
	return r
}

// Run takes what the other process says, until Ended.
func (r *Remote) Run() {
	if !r.link.use() {
		return
	}
	defer r.link.leave()
	bell, err := r.link.bell.SyscallConn()
	if err != nil {
		return // it is closed
	}
	// The bell is rung by writing to it and never read: each write is an edge to
	// the poller. As long as one Read waits, none is lost.
	_ = bell.Read(func(uintptr) bool { return r.hearAll() })
}

// hearAll hears until there is nothing to hear, and makes sure that the bell
// rings for what comes then. It tells whether no more will come.
func (r *Remote) hearAll() (over bool) {
	for {
		r.hear(math.MaxInt)
		if r.ended.Load() {
			return true
		}
		asleep := &r.link.layout.asleep
		asleep.Store(1)
		// Whoever sends looks at asleep afterwards: one of the two sees the other.
		if r.answers.empty() || !asleep.CompareAndSwap(1, 0) {
			return false
		}
	}
}

// hear takes the messages that are there, not more than so many.
func (r *Remote) hear(most int) {
	r.hearing.Lock()
	defer r.hearing.Unlock()
	var m message
	for n := 0; n < most && !r.ended.Load() && r.answers.receive(&m); n++ {
		r.heard(&m)
	}
}

func (r *Remote) heard(m *message) {
	switch m.kind {
	case sayAnswer:
		if g := r.mate(m.token); g != nil {
			g.held = m.a != 0
			r.complete(g, m.status, m.b != 0)
		}
	case sayStop:
		r.asked.stop(m.id)
	case sayFreed:
		if g := r.mate(m.token); g != nil {
			r.part(g)
		}
	case sayRelease:
		r.releaseResult(m.token, uintptr(m.a))
	case askOperate:
		r.operate(m)
	case askService:
		r.findService(m)
	case askLog:
		r.logLine(m)
	}
}

// mate finds the frame in the link of a request under way, by a token that the
// other process gave.
func (r *Remote) mate(token uint64) *Frame {
	if token&instanceToken != 0 {
		return nil
	}
	g := r.link.frames.frame(token)
	if g == nil || !g.open(token>>slotBits) {
		return nil
	}
	return g
}

// complete ends the request of a mate, if nobody has.
func (r *Remote) complete(g *Frame, status Status, broken bool) bool {
	f := g.mate.Swap(nil)
	if f == nil {
		return false
	}
	if broken {
		status = Pending // which no request is completed with: it is not taken
	}
	f.complete(f.Token(), status, 0)
	return true
}

// Ended says that the process is gone. Every request that it had is completed
// with Lost, their number is returned, and Run returns. The process must not
// write any more. The link is to be closed by the caller.
func (r *Remote) Ended() (lost int) {
	r.hear(ringCells) // its last words; a process that it has left behind may go on
	r.ended.Store(true)
	r.hearing.Lock()
	defer r.hearing.Unlock()
	for _, g := range r.link.frames.slots.Load().frames {
		if r.complete(g, Lost, false) {
			lost++
		} else {
			r.part(g)
		}
	}
	r.asked.stopAll()
	r.lift.close()
	_ = r.link.bell.SetReadDeadline(time.Now()) // Run waits for nothing any more
	return lost
}

// Enter hands a request to the process, for its owner or under a Hold: Pending,
// and the frame is completed as if by the handler; [ErrGone] if the process has
// ended meanwhile, and nothing has happened; any other error is the request's.
func (r *Remote) Enter(f *Frame) (Status, error) {
	if !r.link.use() {
		return 0, ErrGone
	}
	g, err := r.link.frames.Acquire()
	if err != nil {
		r.link.leave()
		return 0, err
	}
	if err := f.copyTo(g); err != nil {
		r.giveBack(g)
		return 0, err
	}
	g.prepare()
	token, most := g.Token(), f.MaxAnswer
	g.due.Store(f.req.Deadline)
	f.mate.Store(g)
	g.mate.Store(f) // from here on it may be completed, and another's
	sent := !r.ended.Load() && r.tell(&message{kind: sayEnter, token: token, a: most})
	// Ended sweeps after it has set the word: either it finds this request, or
	// this finds the word.
	if sent && !r.ended.Load() || !g.mate.CompareAndSwap(f, nil) {
		return Pending, nil
	}
	f.mate.Store(nil)
	r.giveBack(g)
	if !sent && !r.ended.Load() {
		return 0, ErrBacklog
	}
	return 0, ErrGone
}

// ErrBacklog says that the process does not take what it has been sent.
var ErrBacklog = errors.New("the handler's process is too far behind")

// tell sends a message, and has a thread look for it. The caller has a use of the
// link that lasts until this has returned, whatever becomes of the request.
func (r *Remote) tell(m *message) bool {
	if !r.calls.send(m) {
		r.stuck.CompareAndSwap(0, time.Now().UnixNano())
		return false
	}
	if r.stuck.Load() != 0 {
		r.stuck.Store(0)
	}
	if w := &r.link.layout.guest; w.unwatched() {
		w.rouse()
	}
	return true
}

// Hold keeps the link's memory until Let, for who enters requests that others may
// release; false if it is gone.
func (r *Remote) Hold() bool { return r.link.use() }

// Let ends a Hold.
func (r *Remote) Let() { r.link.leave() }

// Release gives back what the answer of a request lies in.
func (r *Remote) Release(f *Frame) { f.giveMate() }

// giveMate gives back the frame in a link that a request had.
func (f *Frame) giveMate() {
	if g := f.mate.Swap(nil); g != nil {
		g.mem.remote.giveBack(g)
	}
}

// giveBack frees a frame, after the other side has freed what it has for it.
func (r *Remote) giveBack(g *Frame) {
	if g.held {
		g.held = false
		r.link.users.Add(1) // who hears that it is freed lets go of the request's
		defer r.link.leave()
		g.due.Store(time.Now().UnixNano())
		g.parting.Store(true)
		// As in Enter: Ended finds it, or is found here.
		if !r.ended.Load() && r.tell(&message{kind: sayDone, token: g.Token()}) && !r.ended.Load() {
			return
		}
		r.part(g)
		return
	}
	g.Release()
	r.link.leave()
}

// part frees a frame that nobody else has freed and that waits for it.
func (r *Remote) part(g *Frame) {
	if g.parting.CompareAndSwap(true, false) {
		g.Release()
		r.link.leave()
	}
}

// Cancel tells the handler that nobody waits for a request any more.
func (r *Remote) Cancel(token uint64) {
	f := r.opts.Memory.frame(token)
	if f == nil {
		return
	}
	g := f.mate.Load()
	if g == nil || g.mem.remote != r { // it is one of the process before this
		return
	}
	mate := g.Token()
	// If the two are still each other's now, they were when mate was read.
	if f.open(token>>slotBits) && f.mate.Load() == g && r.link.use() {
		if !r.ended.Load() {
			r.tell(&message{kind: sayCancel, token: mate})
		}
		r.link.leave()
	}
}

// Overdue counts the requests that are past their deadline, plus grace, and that
// the process neither answers nor waits for anything with: they hang in native
// code, or it takes none any more. One that has no sense left has all of them.
func (r *Remote) Overdue(now time.Time, grace time.Duration) (n int) {
	if r.broken(now) {
		return maxFrames
	}
	late := now.Add(-grace).UnixNano()
	for _, g := range r.link.frames.slots.Load().frames {
		// due is that of the request which the frame is for now: a younger one's if
		// it was another's a moment ago.
		switch inside := g.mate.Load() != nil; {
		case g.due.Load() > late:
		case g.parting.Load() && g.due.Load() <= late:
			n++
		case inside && (r.opts.Recorder == nil || Activity(r.opts.Recorder.layout.call[g.slot].word.Load()) != InWait):
			n++
		}
	}
	return n
}

// stuckMost is how long a process may take no message.
const stuckMost = time.Second

// broken tells whether the process does not take what it is told.
func (r *Remote) broken(now time.Time) bool {
	since := r.stuck.Load()
	if since != 0 && !r.calls.full() {
		r.stuck.CompareAndSwap(since, 0) // it has caught up since
		since = 0
	}
	return since != 0 && now.UnixNano()-since > int64(stuckMost) || r.replies.overflown()
}

// Lose completes a request that no process has got, as Ended does; for who holds
// requests back while there is none.
func (f *Frame) Lose(token uint64, with Status) { f.complete(token, with, 0) }
