// Package queue runs builds in the order they were added, so many at once and
// no more, with a log of each that can be read while it grows. Builds of one
// key run one after the other. What is to be remembered of a build beyond its
// log is up to the caller: nothing here outlives the process.
package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"sync"

	"github.com/edge-gateway/edge-gateway/toolchain"
)

// What Add and a Result may say.
var (
	ErrFull     = errors.New("too many builds are waiting")
	ErrClosed   = errors.New("the gateway is shutting down")
	ErrCanceled = errors.New("the build was canceled")
)

// Options of a queue. Build and LogDir are required.
type Options struct {
	// Build compiles dir and writes to log what the compiler prints.
	Build func(ctx context.Context, dir string, log io.Writer) (*toolchain.Library, error)

	Parallel int    // builds at once; default 2
	Waiting  int    // builds that may wait; default 64
	LogDir   string // holds a file for each build
	LogLimit int64  // bytes kept of a log, head and tail; default 1 MiB
}

// Job is one build to be made. All its functions are called from goroutines of
// the queue, at most once each and never two at a time, in the order given
// here. Only Prepare is required.
type Job struct {
	ID  string // names the log: letters, digits, - and _
	Key string // builds of the same key run one after the other

	// Started tells that the build is no longer waiting.
	Started func()

	// Prepare gives the source folder; cleanup, which may be nil, is called
	// when the compiler has ended.
	Prepare func(ctx context.Context) (dir string, cleanup func(), err error)

	// Done is told how it ended. Its context ends when the queue is closed.
	// Until it returns, the build is running for State, for those who follow
	// the log, and for builds of the same key. What it writes to log ends up
	// there.
	Done func(ctx context.Context, r Result, log io.Writer)
}

// Result is how a build ended: a library, or an error. The error matches
// [ErrCanceled] or [ErrClosed] if that is what ended it.
type Result struct {
	Library *toolchain.Library
	Err     error
}

// State is where a build stands.
type State struct {
	Running  bool
	Position int // among those that wait, from 1; 0 when running
}

// Queue is a bounded queue of builds. Its methods are safe for use from many
// goroutines. Close ends it and all its goroutines: one for each build that
// runs, or that was canceled and is being told so.
type Queue struct {
	options Options
	closing context.Context // of Done; its end is that of the queue
	close   context.CancelCauseFunc

	mu      sync.Mutex
	jobs    map[string]*job // waiting and running
	waiting []*job          // in order
	running int
	keys    map[string]bool // of those that run
	work    sync.WaitGroup
}

type job struct {
	Job
	ctx    context.Context
	cancel context.CancelCauseFunc
	log    *log
}

var validID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// New makes a queue and its folder of logs.
func New(o Options) (*Queue, error) {
	if o.Parallel <= 0 {
		o.Parallel = 2
	}
	if o.Waiting <= 0 {
		o.Waiting = 64
	}
	if o.LogLimit <= 0 {
		o.LogLimit = 1 << 20
	}
	if err := os.MkdirAll(o.LogDir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of build logs: %w", err)
	}
	q := &Queue{options: o, jobs: map[string]*job{}, keys: map[string]bool{}}
	q.closing, q.close = context.WithCancelCause(context.Background())
	return q, nil
}

// Add puts a build at the end. It matches [ErrFull] when as many wait as may,
// and [ErrClosed] once Close was called; then no function of j is called.
func (q *Queue) Add(j Job) error {
	if !validID.MatchString(j.ID) {
		return fmt.Errorf("build id %q: use up to 128 letters, digits, - and _", j.ID)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closing.Err() != nil:
		return ErrClosed
	case q.jobs[j.ID] != nil:
		return fmt.Errorf("build %q is in the queue already", j.ID)
	case len(q.waiting) >= q.options.Waiting:
		return fmt.Errorf("%w: %d", ErrFull, len(q.waiting))
	}
	file, err := newLog(q.path(j.ID), q.options.LogLimit)
	if err != nil {
		return err
	}
	added := &job{Job: j, log: file}
	added.ctx, added.cancel = context.WithCancelCause(q.closing)
	q.jobs[j.ID] = added
	q.waiting = append(q.waiting, added)
	q.schedule()
	return nil
}

// schedule starts what may run, the longest waiting first. It wants the lock.
func (q *Queue) schedule() {
	for i := 0; i < len(q.waiting) && q.running < q.options.Parallel; {
		j := q.waiting[i]
		if j.Key != "" && q.keys[j.Key] {
			i++
			continue
		}
		q.waiting = slices.Delete(q.waiting, i, i+1)
		q.running++
		q.keys[j.Key] = true
		q.work.Go(func() {
			q.run(j)
			q.mu.Lock()
			defer q.mu.Unlock()
			q.running--
			delete(q.keys, j.Key)
			q.schedule()
		})
	}
}

// Cancel ends a build that waits or runs, and tells whether there was one. How
// it ended is told by its Done.
func (q *Queue) Cancel(id string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	j := q.jobs[id]
	if j == nil {
		return false
	}
	q.end(j, ErrCanceled)
	return true
}

// end cancels a build; one that waits goes out of the line. It wants the lock.
func (q *Queue) end(j *job, cause error) {
	j.cancel(cause)
	if i := slices.Index(q.waiting, j); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
		q.work.Go(func() { q.finish(j, Result{Err: cause}) })
	}
}

// State tells where a build stands; false if it is neither waiting nor running.
func (q *Queue) State(id string) (State, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	j := q.jobs[id]
	if j == nil {
		return State{}, false
	}
	position := slices.Index(q.waiting, j) + 1
	return State{Running: position == 0, Position: position}, true
}

// Close cancels all builds and waits until they have ended, or ctx has.
func (q *Queue) Close(ctx context.Context) error {
	q.mu.Lock()
	q.close(ErrClosed)
	for len(q.waiting) > 0 {
		q.end(q.waiting[0], ErrClosed)
	}
	q.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		q.work.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for builds to end: %w", context.Cause(ctx))
	}
}
