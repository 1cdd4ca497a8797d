//go:build unix

package s3_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage/s3"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage/storagetest"
)

// within runs requests with deadlines.
const within = 400 * time.Millisecond

func try(s *storage.Service, r storage.Request, limit time.Duration) (storage.Result, error, time.Duration) {
	begun := time.Now()
	result, err := s.Do(service.Call{Deadline: begun.Add(limit)}, r)
	return result, err, time.Since(begun)
}

// inTime says whether an error is typed as one of a backend at fault, and came
// before the deadline was long over.
func inTime(t *testing.T, r storage.Request, err error, took time.Duration) {
	t.Helper()
	switch service.ErrorOf(err).Status {
	case abi.ErrUnavailable, abi.ErrDeadline, abi.ErrUnknown, abi.ErrOverloaded:
	default:
		t.Errorf("%T: %s", r, storagetest.Describe(err))
	}
	if took > within+2*time.Second {
		t.Errorf("%T: answered after %v", r, took)
	}
	if text := err.Error(); strings.Contains(text, servertest.S3SecretKey) || strings.Contains(text, "pre/fix") {
		t.Errorf("%T: %s", r, text)
	}
}

// recovers waits until it works again, which has to be within 2 s, and then
// until no goroutine is left over.
func recovers(t *testing.T, s *storage.Service, back time.Time, goroutines int) {
	t.Helper()
	storagetest.Eventually(t, "it works again", func() bool {
		_, err, _ := try(s, storage.Put{Key: "again", Body: []byte("x")}, within)
		return err == nil
	})
	if took := time.Since(back); took > 2*time.Second {
		t.Errorf("it took %v to recover", took)
	}
	for range 50 {
		storagetest.Do(t, s, storage.Get{Key: "again"})
	}
	storagetest.Eventually(t, "goroutines are as few as before", func() bool { return runtime.NumGoroutine() <= goroutines })
}

// load runs requests of all kinds until stop is called; each must succeed or
// fail in time.
func load(t *testing.T, s *storage.Service) (done *atomic.Int64, stop func()) {
	var all sync.WaitGroup
	var ended atomic.Bool
	done = new(atomic.Int64)
	for n := range 8 {
		all.Go(func() {
			for i := 0; !ended.Load(); i++ {
				key := fmt.Sprint("load", n)
				requests := []storage.Request{
					storage.Put{Key: key, Body: make([]byte, 100_000)}, storage.Get{Key: "there"}, storage.Head{Key: "there"},
					storage.List{Limit: 5}, storage.Copy{From: "there", To: key + "copy"}, storage.Delete{Key: key + "copy"},
				}
				r := requests[i%len(requests)]
				if _, err, took := try(s, r, within); err != nil {
					inTime(t, r, err, took)
				} else {
					done.Add(1)
				}
			}
		})
	}
	return done, func() { ended.Store(true); all.Wait() }
}

func settle(t *testing.T, s *storage.Service) (goroutines int) {
	t.Helper()
	var warm sync.WaitGroup
	for range 16 { // every worker has its connection
		warm.Go(func() { _, _ = s.Do(service.Call{}, storage.Put{Key: "there", Body: make([]byte, 10_000)}) })
	}
	warm.Wait()
	return runtime.NumGoroutine() + 2
}

func more(t *testing.T, done *atomic.Int64) {
	t.Helper()
	at := done.Load()
	storagetest.Eventually(t, "requests are done", func() bool { return done.Load() > at+20 })
}

func TestServerKilledAndRestarted(t *testing.T) {
	server := servertest.S3(t, bucket)
	s := open(t, spec(server.Address))
	goroutines := settle(t, s)
	done, stop := load(t, s)
	more(t, done)
	server.Kill()
	storagetest.Eventually(t, "the fault is seen", func() bool { return s.Stats().Fault != nil })
	if err := s.Probe(t.Context()); service.ErrorOf(err).Status != abi.ErrUnavailable {
		t.Errorf("probe: %s", storagetest.Describe(err))
	}
	server.Start()
	back := time.Now()
	more(t, done)
	stop()
	recovers(t, s, back, goroutines)
	if err := s.Probe(t.Context()); err != nil {
		t.Errorf("probe: %v", err)
	}
}

func TestServerHangs(t *testing.T) {
	server := servertest.S3(t, bucket)
	s := open(t, spec(server.Address))
	goroutines := settle(t, s)
	done, stop := load(t, s)
	more(t, done)
	server.Hang()
	storagetest.Eventually(t, "deadlines pass", func() bool { return s.Stats().Fault != nil })
	ctx, cancel := context.WithTimeout(t.Context(), within)
	if err := s.Probe(ctx); err == nil {
		t.Error("a server that hangs can be probed")
	}
	cancel()
	server.Continue()
	back := time.Now()
	more(t, done)
	stop()
	recovers(t, s, back, goroutines)
}

// TestCutInBodies breaks connections while bodies are under way. What may be
// sent twice succeeds all the same.
func TestCutInBodies(t *testing.T) {
	server := servertest.S3(t, bucket)
	proxy := servertest.NewProxy(t, server.Address)
	s := open(t, spec(proxy.Address))
	body := bytes.Repeat([]byte("body"), 1<<20)
	storagetest.Do(t, s, storage.Put{Key: "there", Body: body})
	goroutines := settle(t, s)
	storagetest.Do(t, s, storage.Put{Key: "there", Body: body})
	for _, r := range []storage.Request{storage.Get{Key: "there"}, storage.Put{Key: "new", Body: body}, storage.Put{Key: "created", Body: body, Create: true}} {
		proxy.Delay(2 * time.Millisecond) // 128 pieces of the body
		before := proxy.Moved()
		type outcome struct {
			result storage.Result
			err    error
		}
		answer := make(chan outcome, 1)
		s.Submit(service.Call{}, r, func(result storage.Result, err error) { answer <- outcome{result, err} })
		storagetest.Eventually(t, "the body is under way", func() bool { return proxy.Moved() > before+1<<20 })
		proxy.Cut()
		proxy.Delay(0)
		o := <-answer
		put, isPut := r.(storage.Put)
		switch {
		case isPut && put.Create:
			if service.ErrorOf(o.err).Status != abi.ErrUnknown {
				t.Errorf("create: %s; nobody can know", storagetest.Describe(o.err))
			}
		case o.err != nil:
			t.Errorf("%T: %s", r, storagetest.Describe(o.err))
		case !isPut && !bytes.Equal(o.result.Object.Body, body):
			t.Errorf("get: %d bytes", len(o.result.Object.Body))
		}
	}
	if o := storagetest.Do(t, s, storage.Get{Key: "new"}).Object; !bytes.Equal(o.Body, body) {
		t.Error("put: another content")
	}
	recovers(t, s, time.Now(), goroutines)
}

func TestDelay(t *testing.T) {
	server := servertest.S3(t, bucket)
	proxy := servertest.NewProxy(t, server.Address)
	s := open(t, spec(proxy.Address))
	goroutines := settle(t, s)
	proxy.Delay(within)
	for r, want := range map[*storage.Request]abi.Status{
		ptr(storage.Get{Key: "there"}): abi.ErrDeadline, ptr(storage.List{}): abi.ErrDeadline, ptr(storage.Head{Key: "there"}): abi.ErrDeadline,
		ptr(storage.Put{Key: "k"}): abi.ErrUnknown, ptr(storage.Delete{Key: "k"}): abi.ErrUnknown, ptr(storage.Copy{From: "there", To: "k"}): abi.ErrUnknown,
	} {
		_, err, took := try(s, *r, within/2)
		if service.ErrorOf(err).Status != want || took > within/2+time.Second {
			t.Errorf("%T: %s after %v", *r, storagetest.Describe(err), took)
		}
	}
	proxy.Delay(0)
	recovers(t, s, time.Now(), goroutines)
}

func ptr(r storage.Request) *storage.Request { return &r }

func TestWrongKeysAndBuckets(t *testing.T) {
	server := servertest.S3(t, bucket)
	for name, c := range map[string]struct {
		option string
		value  any
		code   string
	}{
		"secret": {"secret_key", config.Hidden("another-secret-key"), "SignatureDoesNotMatch"},
		"access": {"access_key", config.Hidden("nobody"), "InvalidAccessKeyId"},
		"bucket": {"bucket", "no-such-bucket", "NoSuchBucket"},
	} {
		t.Run(name, func(t *testing.T) {
			wrong := spec(server.Address)
			wrong.Options[c.option] = c.value
			s := open(t, wrong)
			scope, _ := storagetest.Scope(t)
			for _, r := range []storage.Request{
				storage.Get{Key: "k"}, storage.Put{Key: "k"}, storage.List{}, storage.Put{Key: "k", Create: true},
				storage.Start{Key: "k", Body: make([]byte, 6<<20)},
			} {
				e := storagetest.Fails(t, s, scope, r, abi.ErrRefused)
				if e.Code != c.code || strings.Contains(e.Message, "another-secret-key") {
					t.Errorf("%T: %s", r, storagetest.Describe(e))
				}
			}
			if c.option != "bucket" {
				storagetest.Eventually(t, "the fault is seen", func() bool { return s.Stats().Fault != nil })
			}
			if err := s.Probe(t.Context()); service.ErrorOf(err).Status != abi.ErrRefused {
				t.Errorf("probe: %s", storagetest.Describe(err))
			}
		})
	}
}

// TestConnections: under load each worker has one connection, and no more are
// ever made.
func TestConnections(t *testing.T) {
	server := servertest.S3(t, bucket)
	proxy := servertest.NewProxy(t, server.Address)
	s := open(t, spec(proxy.Address))
	var all sync.WaitGroup
	for n := range 32 {
		all.Go(func() {
			for i := range 10 {
				key := fmt.Sprint("c", n)
				for _, r := range []storage.Request{storage.Put{Key: key, Body: make([]byte, 50_000*i)}, storage.Get{Key: key}, storage.List{Limit: 3}} {
					if _, err := s.Do(service.Call{}, r); err != nil {
						t.Errorf("%T: %s", r, storagetest.Describe(err))
					}
				}
				if _, err := s.Do(service.Call{}, storage.Get{Key: "none"}); service.ErrorOf(err).Status != abi.ErrNotFound {
					t.Error(storagetest.Describe(err))
				}
			}
		})
	}
	all.Wait()
	if _, most, total := proxy.Connections(); most != 4 || total != 4 {
		t.Errorf("%d connections at once, %d in all; there are 4 workers", most, total)
	}
	storagetest.Close(t, s)
	storagetest.Eventually(t, "no connection is left", func() bool { now, _, _ := proxy.Connections(); return now == 0 })
}

func TestServerDownAtStart(t *testing.T) {
	port := servertest.Port(t)
	s := open(t, spec(servertest.Loopback(port)))
	scope, _ := storagetest.Scope(t)
	for _, r := range []storage.Request{storage.Get{Key: "k"}, storage.Put{Key: "k"}, storage.Put{Key: "k", Create: true}, storage.Delete{Key: "k"},
		storage.List{}, storage.Copy{From: "a", To: "b"}, storage.Start{Key: "k", Body: make([]byte, 6<<20)}} {
		storagetest.Fails(t, s, scope, r, abi.ErrUnavailable)
	}
	if err := s.Probe(t.Context()); err == nil {
		t.Error("it can be probed")
	}
}

// TestOverload: what a server that hangs cannot take is refused at once, also
// when it is the bytes that are too many.
func TestOverload(t *testing.T) {
	server := servertest.S3(t, bucket)
	s := open(t, spec(server.Address))
	goroutines := settle(t, s)
	server.Hang()
	var all sync.WaitGroup
	var refused, late atomic.Int64
	submit := func(n int, r storage.Request) {
		for range n {
			all.Add(1)
			s.Submit(service.Call{Deadline: time.Now().Add(within)}, r, func(_ storage.Result, err error) {
				defer all.Done()
				switch service.ErrorOf(err).Status {
				case abi.ErrOverloaded:
					refused.Add(1)
				case abi.ErrDeadline, abi.ErrUnknown:
					late.Add(1)
				default:
					t.Error(storagetest.Describe(err))
				}
			})
		}
	}
	begun := time.Now()
	submit(40, storage.Put{Key: "big", Body: make([]byte, 32<<20)}) // 8 of them are 256 MiB
	if n := refused.Load(); n != 32 {
		t.Errorf("%d of 40 puts of 32 MiB were refused at once", n)
	}
	submit(680, storage.Get{Key: "there"})
	all.Wait()
	if n := late.Load(); n > 4+64 || n < 64 {
		t.Errorf("%d were taken; there are 4 workers and a mailbox for 64", n)
	}
	if took := time.Since(begun); took > within+2*time.Second {
		t.Errorf("answered after %v", took)
	}
	server.Continue()
	recovers(t, s, time.Now(), goroutines)
}

// TestUploadsAreGivenUpLater: the request ends while the server is down; it is
// told when it is back.
func TestUploadsAreGivenUpLater(t *testing.T) {
	server := servertest.S3(t, bucket)
	s := open(t, spec(server.Address))
	scope, end := storagetest.Scope(t)
	storagetest.DoIn(t, s, scope, storage.Start{Key: "left", Body: make([]byte, 6<<20)})
	if n := unfinished(t, server.Address); n != 1 {
		t.Fatalf("%d uploads at the server", n)
	}
	server.Kill()
	end()
	storagetest.Fails(t, s, nil, storage.Get{Key: "k"}, abi.ErrUnavailable)
	server.Start()
	storagetest.Eventually(t, "the upload is given up", func() bool { return unfinished(t, server.Address) == 0 })
}

// TestCloseFinishes: what runs when the service is closed is finished.
func TestCloseFinishes(t *testing.T) {
	server := servertest.S3(t, bucket)
	proxy := servertest.NewProxy(t, server.Address)
	s := open(t, spec(proxy.Address))
	settle(t, s)
	proxy.Delay(100 * time.Millisecond)
	answers := make(chan error, 10)
	for range 10 {
		s.Submit(service.Call{}, storage.Get{Key: "there"}, func(_ storage.Result, err error) { answers <- err })
	}
	storagetest.Close(t, s)
	for range 10 {
		if err := <-answers; err != nil {
			t.Error(storagetest.Describe(err))
		}
	}
}

func TestOptions(t *testing.T) {
	for name, values := range map[string][]any{
		"endpoint":  {"", "s3.example.com", "ftp://x", "http://x/path", "http://user:password@x", "http://x?y"},
		"bucket":    {"", "x", "UPPER CASE"},
		"region":    {""},
		"part_size": {int64(1), int64(5<<20 - 1), int64(1) << 40},
		"prefix":    {strings.Repeat("p", 1024), "\xff"},
	} {
		for _, value := range values {
			wrong := spec("127.0.0.1:1")
			wrong.Options[name] = value
			if _, err := s3.Open(wrong, storagetest.Env(t)); err == nil || strings.Contains(err.Error(), "password@") {
				t.Errorf("%s = %v: %v", name, value, err)
			}
		}
	}
}
