package abi

import "sync/atomic"

// message is what one side of a link tells the other.
type message struct {
	kind   messageKind
	status Status
	token  uint64 // of the request, or of the instance
	id     uint64 // that the answer to it has, too
	a, b   uint64
}

type messageKind uint32

// What the gateway says.
const (
	sayEnter  messageKind = iota + 1 // the request of a token is for the handler; a: bytes that its answer may have
	sayCancel                        // nobody waits for it any more
	sayDone                          // its answer is used: the guest is to free what it has for it
	sayReply                         // to an ask: status, a
)

// What the guest says. Each ask is replied to exactly once.
const (
	sayAnswer  messageKind = iota + 16 // the response of a token is there; a: the guest has memory for it; b: it broke the rules
	sayFreed                           // as it was told by sayDone
	sayStop                            // nobody waits for the operation of an id any more
	sayRelease                         // the result at address a is not needed any more
	askOperate                         // service a>>32, code, arguments at address b
	askService                         // text of b bytes at address a: id, 0, name
	askLog                             // likewise: request, 0, line; status: the level
)

// ring carries messages one way: a bounded queue in which each cell tells whose
// turn it is. Its word is twice the number of the round in which it is free to be
// written, and one more once it has been; who reads it makes it free for the next
// round. Positions are each side's own, in its heap: what the other writes here
// cannot make this one read or write elsewhere.
type ring struct{ cells [ringCells]cell }

const ringCells = 1 << 14

type cell struct {
	turn atomic.Uint64
	message
	_ [8]byte
}

func (r *ring) at(position uint64) (c *cell, free uint64) {
	return &r.cells[position%ringCells], position / ringCells * 2
}

// sender puts messages into a ring, from any goroutine.
type sender struct {
	ring *ring
	next atomic.Uint64
}

// send tells whether there was room. Between the swap of next and the store of
// the turn nobody else touches the cell: other senders are past it, and readers
// wait for the turn. The other side can make this fail, by writing nonsense, but
// not wait.
func (s *sender) send(m *message) bool {
	for range tries {
		position := s.next.Load()
		c, free := s.ring.at(position)
		if c.turn.Load() != free {
			if s.next.Load() == position {
				return false // full
			}
			continue
		}
		if s.next.CompareAndSwap(position, position+1) {
			c.message = *m
			c.turn.Store(free + 1)
			return true
		}
	}
	return false
}

// full tells whether there is no room.
func (s *sender) full() bool {
	c, free := s.ring.at(s.next.Load())
	return c.turn.Load() != free
}

// tries is more than anybody needs, but for a ring that makes no sense.
const tries = 1 << 12

// receiver takes messages from a ring, from any goroutine.
type receiver struct {
	ring *ring
	next atomic.Uint64
}

// receive tells whether there was a message. It mirrors send.
func (r *receiver) receive(m *message) bool {
	for range tries {
		position := r.next.Load()
		c, free := r.ring.at(position)
		if c.turn.Load() != free+1 {
			if r.next.Load() == position {
				return false // empty
			}
			continue
		}
		if r.next.CompareAndSwap(position, position+1) {
			*m = c.message
			c.turn.Store(free + 2)
			return true
		}
	}
	return false
}

// empty tells whether there is nothing to receive.
func (r *receiver) empty() bool {
	c, free := r.ring.at(r.next.Load())
	return c.turn.Load() != free+1
}
