package queue_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/edge-gateway/edge-gateway/toolchain"
	"github.com/edge-gateway/edge-gateway/toolchain/queue"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// site has a queue of which the compiler is under the test's control: a build
// announces itself, prints what it is told and ends when it is told.
type site struct {
	*queue.Queue
	t       *testing.T
	started chan *build
	results chan result
}

type build struct {
	dir  string
	log  io.Writer
	ends chan error
}

type result struct {
	id string
	queue.Result
}

func newSite(t *testing.T, o queue.Options) *site {
	t.Helper()
	s := &site{t: t, started: make(chan *build, 100), results: make(chan result, 100)}
	if o.LogDir == "" {
		o.LogDir = t.TempDir()
	}
	o.Build = func(ctx context.Context, dir string, log io.Writer) (*toolchain.Library, error) {
		b := &build{dir, log, make(chan error)}
		s.started <- b
		select {
		case err := <-b.ends:
			return &toolchain.Library{Digest: "d-" + dir, Language: toolchain.C}, err
		case <-ctx.Done():
			return nil, fmt.Errorf("cc: %w", context.Cause(ctx))
		}
	}
	var err error
	s.Queue, err = queue.New(o)
	must(t, err)
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *site) add(id, key string) error {
	return s.Add(queue.Job{ID: id, Key: key,
		Prepare: func(context.Context) (string, func(), error) { return id, nil, nil },
		Done: func(_ context.Context, r queue.Result, _ io.Writer) {
			s.results <- result{id, r}
		},
	})
}

func (s *site) next(want string) *build {
	s.t.Helper()
	b := <-s.started
	if b.dir != want {
		s.t.Fatalf("%s started, want %s", b.dir, want)
	}
	return b
}

func (s *site) ended(want string) queue.Result {
	s.t.Helper()
	r := <-s.results
	if r.id != want {
		s.t.Fatalf("%s ended, want %s", r.id, want)
	}
	return r.Result
}

func TestBuildsRunInOrderAndSoManyAtOnce(t *testing.T) {
	s := newSite(t, queue.Options{Parallel: 1})
	for _, id := range []string{"a", "b", "c"} {
		must(t, s.add(id, id))
	}
	a := s.next("a")
	for id, want := range map[string]queue.State{"a": {Running: true}, "b": {Position: 1}, "c": {Position: 2}} {
		if state, ok := s.State(id); !ok || state != want {
			t.Errorf("%s: %+v", id, state)
		}
	}
	if len(s.started) > 0 {
		t.Error("two run at once")
	}
	a.ends <- nil
	if r := s.ended("a"); r.Err != nil || r.Library.Digest != "d-a" {
		t.Errorf("%+v", r)
	}
	b := s.next("b")
	b.ends <- errors.New("no such header")
	if r := s.ended("b"); r.Library != nil || r.Err == nil || r.Err.Error() != "no such header" {
		t.Errorf("%+v", r)
	}
	s.next("c").ends <- nil
	s.ended("c")
	if _, ok := s.State("never-added"); ok {
		t.Error("a build nobody added has a state")
	}
}

func TestBuildsOfOneKeyRunOneAfterTheOther(t *testing.T) {
	s := newSite(t, queue.Options{Parallel: 2})
	must(t, s.add("orders-1", "orders"))
	must(t, s.add("orders-2", "orders"))
	must(t, s.add("users-1", "users"))
	one := <-s.started
	other := <-s.started
	if one.dir == "users-1" {
		one, other = other, one
	}
	if one.dir != "orders-1" || other.dir != "users-1" {
		t.Fatalf("%s and %s run", one.dir, other.dir)
	}
	other.ends <- nil
	s.ended("users-1")
	if len(s.started) > 0 {
		t.Error("a second build of the same key runs beside the first")
	}
	one.ends <- nil
	s.ended("orders-1")
	s.next("orders-2").ends <- nil
	s.ended("orders-2")
}

func TestFullQueueRefuses(t *testing.T) {
	s := newSite(t, queue.Options{Parallel: 1, Waiting: 1})
	must(t, s.add("a", ""))
	a := s.next("a")
	must(t, s.add("b", ""))
	if err := s.add("c", ""); !errors.Is(err, queue.ErrFull) {
		t.Errorf("error %v", err)
	}
	if err := s.add("a", ""); err == nil {
		t.Error("the same id twice")
	}
	for _, id := range []string{"", "../a", "a/b", "a.b", strings.Repeat("a", 129)} {
		if err := s.add(id, ""); err == nil {
			t.Errorf("id %q is taken", id)
		}
	}
	a.ends <- nil
	s.ended("a")
	s.next("b").ends <- nil
	s.ended("b")
}

func TestCanceledBuildEndsWhereverItIs(t *testing.T) {
	s := newSite(t, queue.Options{Parallel: 1})
	must(t, s.add("runs", "x"))
	s.next("runs")
	must(t, s.add("waits", "x"))
	if !s.Cancel("waits") || !errors.Is(s.ended("waits").Err, queue.ErrCanceled) {
		t.Error("the waiting one was not canceled")
	}
	if !s.Cancel("runs") || !errors.Is(s.ended("runs").Err, queue.ErrCanceled) {
		t.Error("the running one was not canceled")
	}
	must(t, s.add("after", "x"))
	s.next("after").ends <- nil
	s.ended("after")
	if s.Cancel("never-added") {
		t.Error("canceled what is not there")
	}
}

func TestCloseEndsAllAndTellsThem(t *testing.T) {
	s := newSite(t, queue.Options{Parallel: 1})
	must(t, s.add("runs", ""))
	s.next("runs")
	must(t, s.add("waits", ""))
	must(t, s.Close(t.Context()))
	if len(s.results) != 2 {
		t.Fatalf("%d were told", len(s.results))
	}
	for range 2 {
		if r := <-s.results; !errors.Is(r.Err, queue.ErrClosed) {
			t.Errorf("%s: %v", r.id, r.Err)
		}
	}
	if err := s.add("late", ""); !errors.Is(err, queue.ErrClosed) {
		t.Errorf("added to a closed queue: %v", err)
	}
}

func TestCloseWaitsNoLongerThanItsContext(t *testing.T) {
	s := newSite(t, queue.Options{})
	inDone, release := make(chan struct{}), make(chan struct{})
	must(t, s.Add(queue.Job{ID: "a",
		Prepare: func(context.Context) (string, func(), error) { return "", nil, errors.New("no") },
		Done:    func(context.Context, queue.Result, io.Writer) { close(inDone); <-release },
	}))
	<-inDone
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	close(release)
}

func TestStepsOfABuildComeInOrder(t *testing.T) {
	s := newSite(t, queue.Options{})
	var steps []string
	note := func(step string) { steps = append(steps, step) }
	done := make(chan struct{})
	must(t, s.Add(queue.Job{ID: "a",
		Started: func() { note("started") },
		Prepare: func(context.Context) (string, func(), error) {
			note("prepare")
			return "a", func() { note("cleanup") }, nil
		},
		Done: func(_ context.Context, r queue.Result, _ io.Writer) {
			note("done")
			if state, ok := s.State("a"); !ok || !state.Running {
				t.Errorf("state in Done: %+v", state)
			}
			close(done)
		},
	}))
	s.next("a").ends <- nil
	<-done
	if want := []string{"started", "prepare", "cleanup", "done"}; !slices.Equal(steps, want) {
		t.Errorf("steps %v", steps)
	}

	must(t, s.Add(queue.Job{ID: "b",
		Prepare: func(context.Context) (string, func(), error) { return "", nil, fs.ErrPermission },
		Done:    func(_ context.Context, r queue.Result, _ io.Writer) { s.results <- result{"b", r} },
	}))
	if r := s.ended("b"); !errors.Is(r.Err, fs.ErrPermission) {
		t.Errorf("%v", r.Err)
	}
}

// What goes on in real life: many at once, canceled at any moment, followed by
// those who leave early. Everyone is told once, and nothing is left.
func TestStormOfBuilds(t *testing.T) {
	const builds = 300
	var running, most, told atomic.Int32
	var mu sync.Mutex
	busy := map[string]bool{}
	q, err := queue.New(queue.Options{Parallel: 4, Waiting: builds, LogDir: t.TempDir(), LogLimit: 64,
		Build: func(ctx context.Context, dir string, log io.Writer) (*toolchain.Library, error) {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			mu.Lock()
			if busy[dir] {
				t.Errorf("two builds of %s at once", dir)
			}
			busy[dir] = true
			mu.Unlock()
			for range 20 {
				fmt.Fprintln(log, "a line of text")
			}
			mu.Lock()
			busy[dir] = false
			mu.Unlock()
			return &toolchain.Library{}, context.Cause(ctx)
		}})
	must(t, err)
	var wait sync.WaitGroup
	for i := range builds {
		wait.Go(func() {
			id, key := fmt.Sprint("build-", i), fmt.Sprint("key-", i%7)
			if err := q.Add(queue.Job{ID: id, Key: key,
				Prepare: func(context.Context) (string, func(), error) { return key, nil, nil },
				Done:    func(context.Context, queue.Result, io.Writer) { told.Add(1) },
			}); err != nil {
				t.Error(err)
				return
			}
			if rand.IntN(3) == 0 {
				q.Cancel(id)
			}
			log, err := q.Log(t.Context(), id, true)
			if err != nil {
				t.Error(err)
				return
			}
			defer log.Close()
			if rand.IntN(3) == 0 {
				return
			}
			if _, err := io.ReadAll(log); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	must(t, q.Close(t.Context()))
	if told.Load() != builds || running.Load() != 0 || most.Load() > 4 {
		t.Errorf("told %d, running %d, most at once %d", told.Load(), running.Load(), most.Load())
	}
}

func TestQueueOfRealBuilds(t *testing.T) {
	if _, err := exec.LookPath("cc"); err != nil {
		if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" {
			t.Fatal("cc is not installed")
		}
		t.Skip("cc is not installed")
	}
	tc, err := toolchain.New(toolchain.Config{CacheDir: t.TempDir()})
	must(t, err)
	q, err := queue.New(queue.Options{LogDir: t.TempDir(),
		Build: func(ctx context.Context, dir string, log io.Writer) (*toolchain.Library, error) {
			return tc.BuildRequest(ctx, toolchain.Request{Dir: dir, Log: log})
		}})
	must(t, err)
	results := make(chan queue.Result, 2)
	for id, source := range map[string]string{"good": "int f(void) { return 1; }\n#warning beware\n", "bad": "what is this?\n"} {
		must(t, q.Add(queue.Job{ID: id, Key: id,
			Prepare: func(context.Context) (string, func(), error) {
				dir := t.TempDir()
				return dir, nil, os.WriteFile(filepath.Join(dir, "a.c"), []byte(source), 0o600)
			},
			Done: func(_ context.Context, r queue.Result, log io.Writer) {
				fmt.Fprintln(log, "that was", id)
				results <- r
			},
		}))
	}
	for id, want := range map[string][]string{
		"good": {"warning: #warning beware", "built ", "that was good\n"},
		"bad":  {"a.c:1:", "error", "that was bad\n"},
	} {
		log, err := q.Log(t.Context(), id, true)
		must(t, err)
		text, err := io.ReadAll(log)
		must(t, err)
		must(t, log.Close())
		for _, part := range want {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s: %q is not in: %s", id, part, text)
			}
		}
	}
	must(t, q.Close(t.Context()))
	one, two := <-results, <-results
	if (one.Library == nil) == (two.Library == nil) {
		t.Errorf("results %+v, %+v", one, two)
	}
}
