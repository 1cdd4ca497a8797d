package abi

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Guest is the other end of a link: it runs one instance for the gateway, in a
// process of its own.
//
//	guest := abi.NewGuest(link)
//	instance, err := abi.Start(library, abi.Options{Host: guest, Memory: guest.Memory(), ...})
//	guest.Serve(instance, threads)
//
// It is the instance's [Host]: what the library asks for goes over the link, so
// Remote.Run has to be running from before Start on.
//
// Requests are taken, and native code is run, by threads that wait in the kernel
// for the next message. One of them is always free, so that replies are heard
// while others are in native code. They end with the process.
type Guest struct {
	link     *Link
	answers  sender
	messages receiver
	instance atomic.Pointer[Instance]
	idle     atomic.Int32 // threads that wait for a message

	mu        sync.Mutex // guards what follows
	most      int        // threads in native code
	running   int
	inside    int                  // requests, until they are answered
	empty     sync.Cond            // of mu: nothing is inside
	waiting   []message            // requests for which there is no thread
	suspended map[uint64]suspended // by token
	last      uint64
	asks      map[uint64]*ask
}

// NewGuest makes the other end.
func NewGuest(l *Link) *Guest {
	g := &Guest{link: l, suspended: map[uint64]suspended{}, asks: map[uint64]*ask{}}
	g.answers.ring = &l.layout.answer
	g.messages.ring = &l.layout.calls
	g.empty.L = &g.mu
	g.addThread()
	return g
}

// Memory is where the instance's requests lie.
func (g *Guest) Memory() *Memory { return g.link.frames }

// Serve has requests run, from now on, at most so many at a time in native code.
// The gateway may not be told of it before.
func (g *Guest) Serve(i *Instance, threads int) {
	g.mu.Lock()
	g.most = threads
	g.mu.Unlock()
	g.instance.Store(i)
}

// Stop waits until no request is inside. None may come any more. What the library
// asks for is still done.
func (g *Guest) Stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.inside > 0 {
		g.empty.Wait()
	}
}

func (g *Guest) addThread() {
	g.idle.Add(1)
	g.link.layout.guest.look()
	go g.work()
}

// work is one thread: native code may mark it as its own.
func (g *Guest) work() {
	runtime.LockOSThread()
	w := &g.link.layout.guest
	var m message
	for {
		w.next(&g.messages, &m)
		switch m.kind {
		case sayEnter:
			w.leave(&g.messages)
			if g.idle.Add(-1) == 0 {
				g.addThread()
			}
			g.enter(m)
			g.idle.Add(1)
			w.look()
		case sayCancel:
			g.cancel(m.token)
		case sayDone:
			w.leave(&g.messages) // large blocks are given back to the system
			if f := g.frame(m.token); f != nil {
				f.clear()
			}
			g.say(&message{kind: sayFreed, token: m.token})
			w.look()
		case sayReply:
			g.replied(&m)
		}
	}
}

// say sends a message, and wakes the gateway for it. It waits for room.
func (g *Guest) say(m *message) {
	for !g.answers.send(m) {
		runtime.Gosched()
	}
	if asleep := &g.link.layout.asleep; asleep.Load() == 1 && asleep.CompareAndSwap(1, 0) {
		g.link.ring()
	}
}

// frame is the one of a token, if its request is not over.
func (g *Guest) frame(token uint64) *Frame {
	if f := g.link.frames.frame(token); f != nil && f.open(token>>slotBits) {
		return f
	}
	return nil
}

// visit makes the frame of a token that of the request which the gateway has laid
// out there.
func (m *Memory) visit(token uint64) *Frame {
	slot := int(token & slotMask)
	for slot >= len(m.slots.Load().frames) {
		m.mu.Lock()
		if old := m.slots.Load().frames; slot >= len(old) {
			m.makeFrames(old)
		}
		m.mu.Unlock()
	}
	f := m.slots.Load().frames[slot]
	if f.control.Load()&stateMask != stateFree {
		f.clear()
	}
	f.control.Store(token>>slotBits<<stateBits | stateRunning)
	f.bump, f.end = f.arena.Next, f.arena.End
	return f
}
