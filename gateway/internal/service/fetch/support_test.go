package fetch

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// open opens a service with the defaults of its driver but for the pairs of a
// name and a value. The test's end closes it and sees that nothing is left.
func open(t testing.TB, spec service.Spec, pairs ...any) *Service {
	t.Helper()
	before := runtime.NumGoroutine()
	spec.Name, spec.Kind, spec.Driver, spec.Options = "test", "http", "client", config.Options{}
	for _, kind := range config.Kinds {
		if kind.Name == "http" {
			for _, option := range kind.Drivers[0].Options {
				spec.Options[option.Name] = option.Default
			}
		}
	}
	for n := 0; n < len(pairs); n += 2 {
		spec.Options[pairs[n].(string)] = pairs[n+1]
	}
	if spec.Workers == 0 {
		spec.Workers = 64
	}
	if spec.Mailbox == 0 {
		spec.Mailbox = 256
	}
	if spec.Timeout == 0 {
		spec.Timeout = 5 * time.Second
	}
	s, err := Open(spec, service.Env{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
		until(t, "the goroutines to end", func() bool { return runtime.NumGoroutine() <= before+2 })
	})
	return s.(*Service)
}

func until(t testing.TB, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited 5 s for %s", what)
		}
	}
}

// Answer is the outcome of a request.
type answer struct {
	Result
	err error
}

func (a answer) status() abi.Status {
	if a.err == nil {
		return abi.OK
	}
	return service.ErrorOf(a.err).Status
}

func (a answer) want(t testing.TB, what string, status abi.Status) answer {
	t.Helper()
	if a.status() != status {
		t.Fatalf("%s: %v (%v), want %v", what, a.status(), a.err, status)
	}
	return a
}

func (a answer) header(name string) string {
	var all []string
	for _, h := range a.Headers {
		if h.Name == name {
			all = append(all, h.Value)
		}
	}
	return strings.Join(all, " | ")
}

func send(s *Service, call service.Call, r Request) <-chan answer {
	c := make(chan answer, 2)
	s.Submit(call, r, func(result Result, err error) { c <- answer{result, err} })
	return c
}

func do(t testing.TB, s *Service, r Request) answer {
	t.Helper()
	select {
	case a := <-send(s, service.Call{}, r):
		return a
	case <-time.After(20 * time.Second):
		t.Fatal("no answer in 20 s")
		return answer{}
	}
}

// serve starts an HTTP server and returns its host:port.
func serve(t testing.TB, handler http.HandlerFunc) string {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// raw is a server that is not bound to HTTP: answer is given each connection,
// with its number from 0, after a request's head has been read.
func raw(t testing.TB, answer func(n int, conn net.Conn, head string)) (address string, connections func() int) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var conns []net.Conn
	var served sync.WaitGroup
	served.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			n := len(conns)
			conns = append(conns, conn)
			mu.Unlock()
			served.Go(func() {
				defer conn.Close()
				head := make([]byte, 0, 4096)
				for !strings.Contains(string(head), "\r\n\r\n") {
					part := make([]byte, 4096)
					got, err := conn.Read(part)
					if err != nil {
						return
					}
					head = append(head, part[:got]...)
				}
				answer(n, conn, string(head))
			})
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		mu.Lock()
		for _, c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
		served.Wait()
	})
	return ln.Addr().String(), func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(conns)
	}
}
