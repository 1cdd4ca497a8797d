package gateway_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
)

// Operations of the service that the handlers here use.
const (
	opEcho = 1 + iota // gives the payload back
	opFail            // has no result but a status
	opHold            // has its outcome when the gate opens
)

// mailbox is a service as a backend's actor would be: a bounded queue, and
// workers that take from it.
type mailbox struct {
	queue   chan *message
	gate    chan struct{} // opened by the test
	arrived chan struct{} // one for each opHold
	workers sync.WaitGroup
}

type message struct {
	op       *abi.Operation
	payload  []byte
	canceled chan struct{}
}

// newMailbox starts a mailbox; the test's end stops it, after the gateway.
func newMailbox(t *testing.T, bound, workers int) *mailbox {
	m := &mailbox{queue: make(chan *message, bound), gate: make(chan struct{}), arrived: make(chan struct{}, bound+workers)}
	for range workers {
		m.workers.Go(func() {
			for one := range m.queue {
				m.answer(one)
			}
		})
	}
	t.Cleanup(func() {
		close(m.queue)
		m.workers.Wait()
	})
	return m
}

// Start copies what a worker needs: the arguments are the library's.
func (m *mailbox) Start(op *abi.Operation) {
	if op.Code < opEcho || op.Code > opHold {
		op.Finish(abi.ErrUnsupported, nil)
		return
	}
	one := &message{op, payloadOf(op.Args), make(chan struct{})}
	op.Cancel = func() { close(one.canceled) } // a second call would panic
	select {
	case m.queue <- one:
		if op.Code == opHold {
			m.arrived <- struct{}{}
		}
	default:
		op.Finish(abi.ErrOverloaded, nil)
	}
}

func (m *mailbox) answer(one *message) {
	switch one.op.Code {
	case opFail:
		one.op.Finish(abi.ErrUnavailable, nil)
		return
	case opHold:
		select {
		case <-m.gate:
		case <-one.canceled:
			one.op.Finish(abi.ErrCanceled, nil)
			return
		}
	}
	one.op.Finish(abi.OK, echoed(one.payload))
}

// echoed is struct { uint32_t struct_size, reserved; eg_bytes payload; }.
type echoed []byte

type echoStruct struct {
	StructSize, Reserved uint32
	Payload              abi.Bytes
}

func (e echoed) Space() int { return abi.SpaceOf[echoStruct](1) + abi.SpaceFor(len(e)) }
func (e echoed) Place(r *abi.Room) uintptr {
	return abi.Place(r, echoStruct{StructSize: abi.StructSize[echoStruct](), Payload: r.Bytes(e)})
}

func payloadOf(args abi.Args) []byte {
	s, _ := abi.Load[echoStruct](args)
	payload, _ := s.Payload.Copy(1 << 20)
	return payload
}

// awaiting serves the handler that awaits, with a mailbox, at /{how}.
func awaiting(t *testing.T, m *mailbox, limits gateway.Limits) (g *gateway.Gateway, address string, lines *logged) {
	log, lines := logTo(t)
	e := endpoint("await", "/{how}", build(t, "testdata/handlers/await"))
	e.Limits = limits
	g, address = start(t, gateway.Options{Log: log, Services: map[string]abi.Service{"test.echo/1": m}},
		gateway.Snapshot{Endpoints: []gateway.Endpoint{e}})
	return g, address, lines
}

// expect sends a request on a connection that has to be kept.
func expect(t *testing.T, c *rawclient.Conn, target string, status int, body string) {
	t.Helper()
	r, err := c.Do([]byte("GET /" + target + " HTTP/1.1\r\nHost: x\r\n\r\n"))
	if err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	if r.Status != status || string(r.Body) != body || r.Close {
		t.Errorf("%s: %d %q, close %v, want %d %q on a kept connection", target, r.Status, r.Body, r.Close, status, body)
	}
}

// eventually asks again until the answer is the one that has to come.
func eventually(t *testing.T, address, path, body string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		r := get(t, address, path)
		if string(r.Body) == body {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %d %q, want %q", path, r.Status, r.Body, body)
		}
	}
}

func TestAwaitResumesWithTheResultsOfItsOperations(t *testing.T) {
	_, address, lines := awaiting(t, newMailbox(t, 8, 2), gateway.Limits{})
	c := connect(t, address)
	expect(t, c, "echo?hello", 200, "hello")
	expect(t, c, "side?first", 200, "first 0, -13, second 0, -3, -2")
	expect(t, c, "five?0", 200, "01234")
	expect(t, c, "fails?x", 500, "Internal Server Error\n")
	expect(t, c, "counts", 200, "4 4, 0 0 0, 0")
	if !strings.Contains(lines.String(), "failed after waiting") {
		t.Error("the message is not in the log")
	}
}

// A list that cannot be run is a 502, and the state is freed by the one resume
// that is owed.
func TestAwaitOfAMalformedListIsABadAnswer(t *testing.T) {
	g, address, lines := awaiting(t, newMailbox(t, 8, 2), gateway.Limits{})
	c := connect(t, address)
	freed := 0
	for _, how := range []string{"no-resume", "no-ops", "no-list", "dangling-list", "far-list", "too-many", "dangling-args", "dangling-payload"} {
		before := len(lines.String())
		expect(t, c, how, 502, "Bad Gateway\n")
		if said := lines.String()[before:]; !strings.Contains(said, `"endpoint":"await"`) || !strings.Contains(said, `"version":"`) {
			t.Errorf("%s: the log does not name endpoint and version: %s", how, said)
		}
		if how != "no-resume" {
			freed++
		}
		expect(t, c, "counts", 200, fmt.Sprintf("%d %d, 0 0 %d, %d", freed, freed, freed, freed))
	}
	if s, _ := g.Status("await"); s.InFlight != 0 || s.Stuck != 0 {
		t.Errorf("something is left: %+v", s)
	}
}

func TestAwaitPastTheDeadlineIsResumedOnceAndKeepsTheConnection(t *testing.T) {
	g, address, lines := awaiting(t, newMailbox(t, 8, 2), gateway.Limits{Timeout: 200 * time.Millisecond})
	c := connect(t, address)
	expect(t, c, "hold", 504, "Gateway Timeout\n")
	lines.wait(t, 1, "over with -6, operation -6")
	expect(t, c, "counts", 200, "1 1, 1 0 0, 1")
	expect(t, c, "obstinate", 504, "Gateway Timeout\n") // it awaits once more, in vain
	lines.wait(t, 1, "answered its last resume")
	expect(t, c, "counts", 200, "2 2, 2 0 0, 2")

	// One that awaits only after its client was answered is resumed as well.
	if r := get(t, address, "/slow"); r.Status != 504 || !r.Close {
		t.Errorf("slow: %d, close %v", r.Status, r.Close)
	}
	lines.wait(t, 3, "over with -6, operation -6")
	eventually(t, address, "/counts", "3 3, 3 0 0, 3")
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		s, _ := g.Status("await")
		if s.InFlight == 0 && s.Stuck == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("something is left: %+v", s)
		}
	}
}

func TestAwaitIsCutShortByAShutdown(t *testing.T) {
	m := newMailbox(t, 8, 2)
	g, address, lines := awaiting(t, m, gateway.Limits{})
	c := connect(t, address)
	if err := c.Write([]byte("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	<-m.arrived
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := g.Shutdown(ctx); err == nil {
		t.Error("a shutdown that gave a request up has no error")
	}
	r, err := c.ReadResponse("GET")
	if err != nil || r.Status != 503 || !r.Close || r.Header("Retry-After") == "" {
		t.Fatalf("%+v %v, want 503 with Retry-After", r, err)
	}
	if n := strings.Count(lines.String(), "over with -8, operation -8"); n != 1 {
		t.Errorf("resumed %d times for the end", n)
	}
}

func TestAwaitOfAFullMailboxHasItsStatusAtOnce(t *testing.T) {
	m := newMailbox(t, 1, 1)
	_, address, _ := awaiting(t, m, gateway.Limits{})
	held := connect(t, address)
	if err := held.Write([]byte("GET /hold?held HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	<-m.arrived
	for len(m.queue) > 0 {
		runtime.Gosched() // until the worker holds it
	}
	queued := connect(t, address)
	if err := queued.Write([]byte("GET /hold?queued HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	<-m.arrived
	expect(t, connect(t, address), "echo?x", 200, "-11")
	close(m.gate)
	for c, want := range map[*rawclient.Conn]string{held: "held", queued: "queued"} {
		if r, err := c.ReadResponse("GET"); err != nil || string(r.Body) != want {
			t.Errorf("%s: %+v %v", want, r, err)
		}
	}
}

func TestAwaitOfAThousandAtATimeFinishes(t *testing.T) {
	const requests = 1000
	m := newMailbox(t, requests, 4)
	g, address, _ := awaiting(t, m, gateway.Limits{})
	var all sync.WaitGroup
	for n := range requests {
		all.Go(func() {
			c, err := rawclient.Dial(address)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			r, err := c.Do(fmt.Appendf(nil, "GET /hold?%d HTTP/1.1\r\nHost: x\r\n\r\n", n))
			if err != nil || r.Status != 200 || string(r.Body) != fmt.Sprint(n) {
				t.Errorf("request %d: %+v %v", n, r, err)
			}
		})
	}
	for range requests {
		select {
		case <-m.arrived:
		case <-time.After(20 * time.Second):
			t.Fatal("not all of them are let in at a time")
		}
	}
	if s, _ := g.Status("await"); s.InFlight != requests {
		t.Errorf("%d in flight", s.InFlight)
	}
	close(m.gate)
	all.Wait()
	if r := get(t, address, "/counts"); string(r.Body) != "1000 1000, 0 0 0, 0" {
		t.Errorf("counts %q", r.Body)
	}
}

type panicking struct{}

func (panicking) Start(*abi.Operation) { panic("a service's mistake") }

func TestPanicOfAServiceAnswersItsOperationAndHoldsNothing(t *testing.T) {
	log, lines := logTo(t)
	g, address := start(t, gateway.Options{Log: log, Services: map[string]abi.Service{"test.echo/1": panicking{}}},
		gateway.Snapshot{Endpoints: []gateway.Endpoint{endpoint("await", "/{how}", build(t, "testdata/handlers/await"))}})
	get(t, address, "/echo")
	inFlight(t, g, "await", 0)
	if !strings.Contains(lines.String(), "a service's mistake") {
		t.Error("the panic is not in the log")
	}
}
