//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/failpoint"
)

// box is a data directory over which one gateway after the other runs, with
// what is known of what it has to hold. One goroutine changes it; others may
// look.
type box struct {
	*testing.T
	dir, data string
	armed     string // file from which on the steps of a failpoint count
	client    *http.Client
	tracer    []string // runs the gateway, if there is one
	answered  int      // requests to the admin API that were answered

	mayRefuse bool // a change that is not acknowledged may have been refused

	now      *running
	possible []world // one of these is what there is

	mu      sync.Mutex
	answers []map[string]reply // what each endpoint may answer, from then on

	tokens map[string]string // of keys, as far as they were told
	texts  map[string]string // what the library of a digest answers
	number int               // that was given last
}

// running is one process.
type running struct {
	*process
	ended chan struct{} // closed when it has
	admin string        // address of the admin API
}

func newBox(t *testing.T) *box {
	t.Helper()
	dir, err := os.MkdirTemp("", "box-") // short, for the path of a socket
	if err != nil {
		t.Fatal(err)
	}
	b := &box{T: t, dir: dir, data: filepath.Join(dir, "data"), armed: filepath.Join(dir, "armed"), tokens: map[string]string{}, texts: map[string]string{}}
	socket := filepath.Join(b.data, "admin.sock")
	b.client = &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		DisableKeepAlives: true, // a request is never sent a second time
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}
	b.maybe(emptyWorld())
	t.Cleanup(func() {
		if b.now != nil {
			b.kill()
			if t.Failed() {
				t.Logf("the last process said:\n%s", b.now.output())
			}
		}
		_ = os.RemoveAll(dir)
	})
	return b
}

// start starts a gateway. It waits until it serves, or has ended.
func (b *box) start(env ...string) (serves bool) {
	b.Helper()
	return b.launch(func(*running) {}, env...)
}

// launch is start for who has to know of the process before it serves.
func (b *box) launch(began func(*running), env ...string) (serves bool) {
	b.Helper()
	args := append(slices.Clone(b.tracer), binary, "serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--no-access-log", "--data", b.data)
	p := &process{Cmd: exec.Command(args[0], args[1:]...)}
	p.Dir, p.Env, p.Stdout, p.Stderr = b.dir, append(os.Environ(), env...), p, p
	if err := p.Start(); err != nil {
		b.Fatal(err)
	}
	b.now = &running{process: p, ended: make(chan struct{})}
	ended := b.now.ended
	go func() {
		_ = p.Wait()
		close(ended)
	}()
	began(b.now)
	within(b.T, time.Minute, "it serves or ends", func() bool {
		serves = strings.Contains(p.output(), `"msg":"serving","address"`)
		return serves || b.now.hasEnded()
	})
	p.address = said(p, `"msg":"serving","address":"http://`)
	b.now.admin = said(p, `"msg":"serving the admin API","address":"http://`)
	return serves
}

func said(p *process, before string) string {
	_, rest, _ := strings.Cut(p.output(), before)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

func (r *running) hasEnded() bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

// mustStart starts a gateway that has to serve.
func (b *box) mustStart(env ...string) {
	b.Helper()
	if !b.start(env...) {
		b.Fatalf("it does not start: %v\n%s", b.now.ProcessState, b.now.output())
	}
}

// failing is the environment of a process that dies when a step is reached the
// nth time after the box was armed.
func (b *box) failing(step string) string { return failpoint.Variable + "=" + step + "@" + b.armed }

func (b *box) arm() {
	if err := os.WriteFile(b.armed, nil, 0o600); err != nil {
		b.Fatal(err)
	}
}

func (b *box) disarm() { _ = os.Remove(b.armed) }

// age makes files of the data directory look old.
func (b *box) age(pattern string) {
	b.Helper()
	old := time.Now().Add(-72 * time.Hour)
	names, _ := filepath.Glob(filepath.Join(b.data, pattern))
	for _, name := range names {
		b.must(os.Chtimes(name, old, old))
	}
}

// kill ends the process without a word, as kill -9 does.
func (b *box) kill() {
	_ = b.now.Process.Kill()
	<-b.now.ended
}

// died wants the process to have been killed, by itself or by the test.
func (b *box) died() {
	b.Helper()
	select {
	case <-b.now.ended:
	case <-time.After(30 * time.Second):
		b.Fatal("the connection broke, and the process runs")
	}
	if status, ok := b.now.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		b.Fatalf("it was not killed: %v\n%s", b.now.ProcessState, b.now.output())
	}
}

// stop ends it as a service manager does.
func (b *box) stop() {
	b.Helper()
	b.now.signal(b.T, syscall.SIGTERM)
	select {
	case <-b.now.ended:
	case <-time.After(30 * time.Second):
		b.Fatal("it did not end after SIGTERM")
	}
	if !b.now.ProcessState.Success() {
		b.Errorf("after SIGTERM: %v\n%s", b.now.ProcessState, b.now.output())
	}
}

const (
	jsonBody  = "application/json"
	bytesBody = "application/octet-stream"
	tarBody   = "application/x-tar"
)

// ask asks the admin API over the unix socket. The error is that of a
// connection that broke.
func (b *box) ask(method, path, kind string, body []byte, header ...string) (status int, answer []byte, err error) {
	request, err := http.NewRequest(method, "http://box"+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := b.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	b.answered++
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// fetch asks a GET of a process that lives.
func (b *box) fetch(path string) []byte {
	b.Helper()
	status, answer, err := b.ask("GET", path, "", nil)
	if err != nil || status != 200 {
		b.Fatalf("GET %s: %d %s, %v\n%s", path, status, answer, err, b.now.output())
	}
	return answer
}

var errNoAnswer = errors.New("no answer")

// visit asks an endpoint over HTTP; the reply is its status and, of 200, what
// it says.
func visit(address, path string) (reply, error) {
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://" + address + path)
	if err != nil {
		return "", errors.Join(errNoAnswer, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", errors.Join(errNoAnswer, err)
	}
	if response.StatusCode == 200 {
		return reply(body), nil
	}
	return reply(response.Status[:3]), nil
}
