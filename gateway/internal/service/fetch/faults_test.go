package fetch

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

func TestMalformedAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		text   string
		status abi.Status
	}{
		"nothing":              {"", abi.ErrUnavailable},
		"no HTTP":              {"SSH-2.0-x\r\n\r\n", abi.ErrUnavailable},
		"a status of letters":  {"HTTP/1.1 abc x\r\n\r\n", abi.ErrUnavailable},
		"a cut status line":    {"HTTP/1.1 200", abi.ErrUnavailable},
		"cut headers":          {"HTTP/1.1 200 OK\r\nX: y\r\n", abi.ErrUnavailable},
		"no colon":             {"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", abi.ErrUnavailable},
		"a cut body":           {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", abi.ErrUnavailable},
		"a bad chunk":          {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc", abi.ErrUnavailable},
		"a cut chunk":          {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", abi.ErrUnavailable},
		"no last chunk":        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", abi.ErrUnavailable},
		"two lengths":          {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", abi.ErrUnavailable},
		"a negative length":    {"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc", abi.ErrUnavailable},
		"switching protocols":  {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", abi.ErrUnavailable},
		"a flood of headers":   {"HTTP/1.1 200 OK\r\n" + strings.Repeat("X: "+strings.Repeat("y", 1000)+"\r\n", 200) + "\r\n", abi.ErrTooLarge},
		"a body until the end": {"HTTP/1.0 200 OK\r\n\r\nabc", abi.OK},
		"early hints":          {"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", abi.OK},
	} {
		host, _ := raw(t, func(_ int, conn net.Conn, _ string) { _, _ = io.WriteString(conn, test.text) })
		s := open(t, service.Spec{}, "allow", []string{host})
		a := do(t, s, Request{URL: "http://" + host})
		if a.status() != test.status {
			t.Errorf("%s: %v (%v), want %v", name, a.status(), a.err, test.status)
		}
		if test.status == abi.OK && string(a.Body) != "abc" {
			t.Errorf("%s: the body is %q", name, a.Body)
		}
	}
}

func TestAnswersOverTheLimit(t *testing.T) {
	var written atomic.Int64
	flood := func(head string) string {
		host, _ := raw(t, func(_ int, conn net.Conn, _ string) {
			_, _ = io.WriteString(conn, head)
			for part := []byte("8000\r\n" + strings.Repeat("x", 0x8000) + "\r\n"); ; {
				n, err := conn.Write(part)
				written.Add(int64(n))
				if err != nil {
					return
				}
			}
		})
		return host
	}
	const limit = 1 << 20
	for name, head := range map[string]string{
		"chunks without end":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		"a length":             "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
		"a body until the end": "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
	} {
		written.Store(0)
		host := flood(head)
		s := open(t, service.Spec{}, "allow", []string{host}, "max_body", int64(limit))
		do(t, s, Request{URL: "http://" + host, MaxBody: 10 * limit}).want(t, name, abi.ErrTooLarge)
		until(t, "the connection to be closed", func() bool { return s.Stats().Connections == 0 })
		if got := written.Load(); got > 16*limit { // what the kernel takes included
			t.Errorf("%s: %d bytes were taken for a limit of %d", name, got, limit)
		}
	}
	host := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(make([]byte, 1000)) })
	s := open(t, service.Spec{}, "allow", []string{host}, "max_body", int64(limit))
	do(t, s, Request{URL: "http://" + host, MaxBody: 1000}).want(t, "as much as the limit", abi.OK)
	do(t, s, Request{URL: "http://" + host, MaxBody: 999}).want(t, "one more than the limit", abi.ErrTooLarge)
	do(t, s, Request{URL: "http://" + host, MaxBody: 1, Method: "HEAD"}).want(t, "HEAD", abi.OK)
}

// hanging is a server that answers with the start of something, and closes a
// channel for each connection that it sees closed.
func hanging(t *testing.T, start string) (host string, closed <-chan struct{}) {
	c := make(chan struct{}, 1000)
	host, _ = raw(t, func(_ int, conn net.Conn, _ string) {
		_, _ = io.WriteString(conn, start)
		_, _ = conn.Read(make([]byte, 1))
		c <- struct{}{}
	})
	return host, c
}

func TestDeadlines(t *testing.T) {
	for name, start := range map[string]string{
		"no answer":        "",
		"half a head":      "HTTP/1.1 200 OK\r\nX:",
		"half a body":      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
		"half a chunk":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
		"only early hints": "HTTP/1.1 103 Early Hints\r\n\r\n",
	} {
		host, closed := hanging(t, start)
		s := open(t, service.Spec{Timeout: time.Minute}, "allow", []string{host})
		r := Request{URL: "http://" + host}
		for limit, answer := range map[string]<-chan answer{
			"its own":       send(s, service.Call{}, Request{URL: r.URL, Timeout: 100 * time.Millisecond}),
			"the request's": send(s, service.Call{Deadline: time.Now().Add(100 * time.Millisecond)}, Request{URL: r.URL, Timeout: time.Hour}),
			"gone already":  send(s, service.Call{Deadline: time.Now().Add(-time.Second)}, r),
		} {
			select {
			case a := <-answer:
				a.want(t, name+", "+limit, abi.ErrDeadline)
			case <-time.After(time.Second):
				t.Fatalf("%s, %s: no answer in time", name, limit)
			}
		}
		<-closed
		<-closed
	}
}

func TestCancelClosesTheCall(t *testing.T) {
	host, closed := hanging(t, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
	s := open(t, service.Spec{Timeout: time.Minute}, "allow", []string{host})
	c := make(chan answer, 2)
	cancel := s.Submit(service.Call{}, Request{URL: "http://" + host}, func(r Result, err error) { c <- answer{r, err} })
	until(t, "the connection", func() bool { return s.Stats().Connections == 1 })
	cancel()
	(<-c).want(t, "a call that nobody waits for", abi.ErrCanceled)
	<-closed
}

func TestWhatIsSentAgain(t *testing.T) {
	for _, test := range []struct {
		method  string
		headers []Header
		retries int64
		lost    int // connections that are lost before an answer
		first   string
		status  abi.Status
		tries   int
	}{
		{"GET", nil, 1, 1, "", abi.OK, 2},
		{"HEAD", nil, 1, 1, "", abi.OK, 2},
		{"PUT", nil, 1, 1, "", abi.OK, 2},
		{"DELETE", nil, 1, 1, "", abi.OK, 2},
		{"OPTIONS", nil, 1, 1, "", abi.OK, 2},
		{"GET", nil, 1, 2, "", abi.ErrUnavailable, 2},
		{"GET", nil, 3, 3, "", abi.OK, 4},
		{"GET", nil, 0, 1, "", abi.ErrUnavailable, 1},
		{"GET", nil, 1, 1, "H", abi.ErrUnavailable, 1}, // a byte of an answer had come
		{"POST", nil, 3, 1, "", abi.ErrUnavailable, 1},
		{"PATCH", nil, 3, 1, "", abi.ErrUnavailable, 1},
		{"POST", []Header{{"Idempotency-Key", "1"}}, 3, 1, "", abi.ErrUnavailable, 1},
	} {
		host, connections := raw(t, func(n int, conn net.Conn, head string) {
			if n < test.lost {
				_, _ = io.WriteString(conn, test.first)
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		})
		s := open(t, service.Spec{}, "allow", []string{host}, "retries", test.retries)
		do(t, s, Request{URL: "http://" + host, Method: test.method, Headers: test.headers}).want(t, fmt.Sprintf("%+v", test), test.status)
		if got := connections(); got != test.tries {
			t.Errorf("%+v: %d tries", test, got)
		}
	}
}

// The connection is used once and lost at the second request, as when a server
// has given it up meanwhile.
func TestAKeptConnectionThatIsLost(t *testing.T) {
	for _, headers := range [][]Header{nil, {{"Idempotency-Key", "1"}}, {{"X-Idempotency-Key", "1"}}} {
		for method, status := range map[string]abi.Status{"GET": abi.OK, "PUT": abi.OK, "POST": abi.ErrUnavailable} {
			var seen atomic.Int32
			host, _ := raw(t, func(n int, conn net.Conn, head string) {
				for {
					_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
					if _, err := conn.Read(make([]byte, 4096)); err != nil {
						return
					}
					seen.Add(1)
					if n == 0 {
						return
					}
				}
			})
			s := open(t, service.Spec{}, "allow", []string{host})
			do(t, s, Request{URL: "http://" + host}).want(t, "the first", abi.OK)
			do(t, s, Request{URL: "http://" + host, Method: method, Headers: headers}).want(t, method+" on a lost connection", status)
			if seen.Load() != 1 {
				t.Errorf("%s: %d requests on the first connection", method, seen.Load())
			}
		}
	}
}

func TestAHostThatIsDown(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := ln.Addr().String()
	_ = ln.Close()
	s := open(t, service.Spec{}, "allow", []string{host})
	a := do(t, s, Request{URL: "http://" + host + "/?token=secret"}).want(t, "a host that is down", abi.ErrUnavailable)
	if strings.Contains(a.err.Error(), "secret") {
		t.Errorf("the sentence is %q", a.err)
	}
	if err := s.Probe(t.Context()); err == nil {
		t.Error("the probe is good")
	}
	server, err := net.Listen("tcp", host)
	if err != nil {
		t.Skip("the port is taken")
	}
	up := http.Server{Handler: http.HandlerFunc(echo)}
	go func() { _ = up.Serve(server) }()
	defer up.Close()
	do(t, s, Request{URL: "http://" + host}).want(t, "when it is up", abi.OK)
}

func TestConnectionsToAHost(t *testing.T) {
	const perHost = 3
	var now, most atomic.Int32
	var once sync.Once
	full := make(chan struct{}) // closed when as many are there as may be
	host := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		if n == perHost {
			once.Do(func() { close(full) })
		}
		<-full
	})
	s := open(t, service.Spec{}, "allow", []string{host}, "per_host", int64(perHost))
	var all sync.WaitGroup
	for range 60 {
		all.Go(func() {
			if a := <-send(s, service.Call{}, Request{URL: "http://" + host}); a.err != nil {
				t.Errorf("fetch: %v", a.err)
			}
		})
	}
	all.Wait()
	if most.Load() != perHost || s.Stats().Connections > perHost {
		t.Errorf("%d requests were there at most and %d connections are open, want %d", most.Load(), s.Stats().Connections, perHost)
	}
}

// A host that hangs fills its own lane, and the others are served as before.
func TestOverload(t *testing.T) {
	const workers, mailbox, perHost = 4, 8, 2
	stuck, _ := hanging(t, "")
	good := serve(t, echo)
	s := open(t, service.Spec{Workers: workers, Mailbox: mailbox, Timeout: time.Second}, "allow", []string{stuck, good}, "per_host", int64(perHost))
	var answers []<-chan answer
	for range 50 {
		answers = append(answers, send(s, service.Call{}, Request{URL: "http://" + stuck}))
	}
	until(t, "the lane to be full", func() bool { st := s.Stats(); return st.Busy == perHost && st.Waiting == mailbox/2 })
	for range 20 {
		since := time.Now()
		do(t, s, Request{URL: "http://" + good}).want(t, "another host", abi.OK)
		if took := time.Since(since); took > 500*time.Millisecond {
			t.Errorf("another host took %v", took)
		}
	}
	counts := map[abi.Status]int{}
	for _, c := range answers {
		select {
		case a := <-c:
			counts[a.status()]++
		case <-time.After(2 * time.Second):
			t.Fatal("an answer is missing")
		}
	}
	if counts[abi.ErrDeadline] != perHost+mailbox/2 || counts[abi.ErrOverloaded] != 50-perHost-mailbox/2 {
		t.Errorf("the answers are %v", counts)
	}
	until(t, "what has its answer to leave the lane", func() bool { return s.Stats().Waiting == 0 })
	if got := s.Stats(); got.Overloaded != uint64(counts[abi.ErrOverloaded]) || got.Deadlines != uint64(counts[abi.ErrDeadline]) {
		t.Errorf("the stats are %+v", got)
	}
}

func TestClose(t *testing.T) {
	enter, leave := make(chan struct{}, 10_000), make(chan struct{})
	host := serve(t, func(w http.ResponseWriter, r *http.Request) { enter <- struct{}{}; <-leave })
	s := open(t, service.Spec{}, "allow", []string{host})
	running := send(s, service.Call{}, Request{URL: "http://" + host})
	<-enter
	closed := make(chan error, 1)
	go func() { closed <- s.Close(context.Background()) }()
	until(t, "it to take no more", func() bool {
		return (<-send(s, service.Call{}, Request{URL: "http://" + host, Timeout: time.Millisecond})).status() == abi.ErrClosing
	})
	close(leave)
	(<-running).want(t, "what was running", abi.OK)
	if err := <-closed; err != nil {
		t.Error(err)
	}
	until(t, "the connections to be closed", func() bool { return s.Stats().Connections == 0 })
}

func TestCloseCutsShort(t *testing.T) {
	host, closed := hanging(t, "HTTP/1.1 200 OK\r\n")
	s := open(t, service.Spec{Timeout: time.Minute}, "allow", []string{host})
	running := send(s, service.Call{}, Request{URL: "http://" + host})
	until(t, "the connection", func() bool { return s.Stats().Connections == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Close(ctx); err == nil {
		t.Error("close says that it went well")
	}
	(<-running).want(t, "what was running", abi.ErrClosing)
	<-closed
}
