package abi

import (
	"log/slog"
	"unsafe"
)

// ask is something that the gateway was asked for and will reply to.
type ask struct {
	id      uint64
	blocks  []block // that it refers to
	replied func(status Status, a uint64)
}

// say makes an ask: from here on it is the one's who hears the reply.
func (a *ask) say(g *Guest, m *message) {
	g.mu.Lock()
	g.last++
	a.id = g.last
	g.asks[a.id] = a
	g.mu.Unlock()
	m.id = a.id
	g.say(m)
}

// free gives back what an ask refers to, once it is replied to, or never was
// made.
func (a *ask) free(g *Guest) {
	for _, b := range a.blocks {
		g.link.frames.giveBlock(b)
	}
}

func (g *Guest) replied(m *message) {
	g.mu.Lock()
	a := g.asks[m.id]
	delete(g.asks, m.id)
	g.mu.Unlock()
	if a != nil {
		a.replied(m.status, m.a)
		a.free(g)
	}
}

// askRoom is room for what an ask refers to.
type askRoom struct {
	guest     *Guest
	ask       *ask
	next, end uintptr
}

func (r *askRoom) take(n uint64) (uintptr, error) {
	at := (r.next + 15) &^ 15
	if r.end == 0 || at > r.end || uint64(r.end-at) < n {
		b, err := r.guest.link.frames.takeBlock(n)
		if err != nil {
			return 0, ErrMemory
		}
		r.ask.blocks = append(r.ask.blocks, b)
		at = uintptr(r.guest.link.frames.at(b.off))
		r.end = at + b.size()
	}
	r.next = at + uintptr(n)
	return at, nil
}

func (r *askRoom) bytes(b Bytes) (Bytes, error) {
	if r.guest.link.frames.has(b.Ptr, b.Len) {
		return b, nil
	}
	to, err := r.take(b.Len)
	if err == nil {
		copy(mapped(to, int(b.Len)), unsafe.Slice(at[byte](b.Ptr), b.Len))
	}
	return Bytes{Ptr: to, Len: b.Len}, err
}

// askTexts asks with two texts.
func (g *Guest) askTexts(kind messageKind, status Status, first, second string, replied func(Status, uint64)) Status {
	a := &ask{replied: replied}
	room := askRoom{guest: g, ask: a}
	text := first + "\x00" + second
	to, err := room.take(uint64(len(text)))
	if err != nil {
		a.free(g)
		return ErrNoMemory
	}
	copy(mapped(to, len(text)), text)
	a.say(g, &message{kind: kind, status: status, a: uint64(to), b: uint64(len(text))})
	return OK
}

// Log implements Host.
func (g *Guest) Log(level slog.Level, requestID, message string) {
	g.askTexts(askLog, Status(level), requestID, message, func(Status, uint64) {})
}

// Service implements Host: it asks the gateway, and waits for its reply.
func (g *Guest) Service(id, name string) (Service, Status) {
	if movables[id] == nil {
		return nil, ErrUnsupported
	}
	type reply struct {
		status Status
		number uint64
	}
	came := make(chan reply, 1)
	if st := g.askTexts(askService, 0, id, name, func(st Status, number uint64) { came <- reply{st, number} }); st != OK {
		return nil, st
	}
	r := <-came
	if r.status != OK {
		return nil, r.status
	}
	return &proxy{g, id, r.number}, OK
}

// proxy is a service that the gateway has.
type proxy struct {
	guest  *Guest
	id     string
	number uint64
}

// placed is a result that the gateway has laid out.
type placed uintptr

func (p placed) Space() int          { return 0 }
func (p placed) Place(*Room) uintptr { return uintptr(p) }

// Start implements Service.
func (p *proxy) Start(op *Operation) {
	g := p.guest
	known := movables[p.id][op.Code]
	token := uint64(instanceToken)
	if f, generation := op.request(); f != nil {
		token = generation<<slotBits | uint64(f.slot)
	}
	a := &ask{replied: func(status Status, at uint64) {
		if at == 0 {
			op.Finish(status, nil)
		} else {
			op.Finish(status, placed(at))
		}
	}}
	said := false
	defer func() {
		if !said { // an address could not be read
			a.free(g)
		}
	}()
	var args uintptr
	if known.args != nil && op.Args.Given() {
		room := askRoom{guest: g, ask: a}
		m := mover{may: anywhere, room: room.take, bytes: room.bytes, most: maxMoved, table: op.number}
		var err error
		if args, err = m.one(known.args, op.Args.address); err != nil {
			op.Finish(statusOf(err), nil)
			return
		}
	}
	op.Cut = known.cut
	op.Cancel = func() { g.say(&message{kind: sayStop, id: a.id}) } // not before Start has returned
	said = true
	a.say(g, &message{kind: askOperate, token: token, a: p.number<<32 | uint64(op.Code), b: uint64(args)})
}

func statusOf(err error) Status {
	if err == ErrMemory {
		return ErrNoMemory
	}
	return ErrInvalid
}

// number is what the gateway knows the service of a table by; 0 stays 0, for
// none, and what is no table becomes a number that none has.
func (op *Operation) number(table uintptr) uintptr {
	if table == 0 {
		return 0
	}
	s, ok := op.Lookup(table)
	if p, known := s.(*proxy); ok && known {
		return uintptr(p.number)
	}
	return maxServices + 1
}

// releaseResult gives a result back that the gateway has laid out.
func (g *Guest) releaseResult(token uint64, at uintptr) {
	g.say(&message{kind: sayRelease, token: token, a: uint64(at)})
}
