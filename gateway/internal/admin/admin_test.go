package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// server is an API that is served on a loopback address.
type server struct {
	t    *testing.T
	api  *API
	fake *fake
	logs *logLines
	log  *lockedBuffer
	url  string

	token string // of an admin
}

func serve(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, fake: newFake(), token: "t-admin", logs: &logLines{more: make(chan model.LogLine), closed: make(chan struct{})}, log: &lockedBuffer{}}
	s.api = New(Options{
		Control: s.fake, Logs: s.logs, Version: "test", Hosts: []string{"admin.example.com"},
		Log: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.url = "http://" + ln.Addr().String()
	start(t, s.api, ln, false)
	return s
}

// start serves an API until the test ends.
func start(t *testing.T, api *API, ln net.Listener, local bool) {
	served := make(chan error, 1)
	go func() { served <- api.Serve(ln, local) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := api.Shutdown(ctx); err != nil {
			t.Errorf("shut down: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
}

// reply is an answer that was read whole.
type reply struct {
	*http.Response
	body []byte
}

func (r reply) problem(t *testing.T) Problem {
	t.Helper()
	var p Problem
	if r.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("the answer %s is of type %q", r.Status, r.Header.Get("Content-Type"))
	}
	if err := json.Unmarshal(r.body, &p); err != nil {
		t.Fatalf("%q: %v", r.body, err)
	}
	if p.Status != r.StatusCode || p.Type == "" || p.Title == "" || p.Detail == "" {
		t.Errorf("the problem is not whole: %s", r.body)
	}
	return p
}

// do sends a request with the token of an admin. Headers are name, value, ...
func (s *server) do(method, path, body string, headers ...string) reply {
	s.t.Helper()
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
		}
	}
	return s.send(r)
}

func (s *server) send(r *http.Request) reply {
	s.t.Helper()
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return reply{answer, all}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

const orders = `{"name":"orders","path":"/orders/{id}","methods":["GET"],"limits":{"timeout":"5s"}}`

func TestAnEndpointIsMadeAndReadBack(t *testing.T) {
	s := serve(t)
	made := s.do("POST", v1+"/endpoints", orders)
	if made.StatusCode != http.StatusCreated || made.Header.Get("ETag") != `"1"` || made.Header.Get("Location") != v1+"/endpoints/orders" {
		t.Fatalf("%s %v %s", made.Status, made.Header, made.body)
	}
	got := s.do("GET", made.Header.Get("Location"), "")
	var e model.Endpoint
	if err := json.Unmarshal(got.body, &e); err != nil || e.Name != "orders" || time.Duration(e.Limits.Timeout) != 5*time.Second {
		t.Errorf("%s %s: %v", got.Status, got.body, err)
	}
}
