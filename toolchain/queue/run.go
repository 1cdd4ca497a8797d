package queue

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// run makes one build.
func (q *Queue) run(j *job) {
	if j.Started != nil {
		j.Started()
	}
	q.finish(j, q.build(j))
}

func (q *Queue) build(j *job) Result {
	dir, cleanup, err := j.Prepare(j.ctx)
	if cleanup != nil {
		defer cleanup()
	}
	if err != nil {
		return j.failed(fmt.Errorf("prepare source: %w", err))
	}
	library, err := q.options.Build(j.ctx, dir, j.log)
	if err != nil {
		return j.failed(err)
	}
	fmt.Fprintf(j.log, "built %s (%s) in %v\n", library.Digest, library.Language, library.Duration.Round(time.Millisecond))
	return Result{Library: library}
}

// failed is the result for an error; that of a build that was ended says so,
// whatever else there was to complain about.
func (j *job) failed(err error) Result {
	if cause := context.Cause(j.ctx); cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	return Result{Err: err}
}

// finish tells how a build ended, and forgets it.
func (q *Queue) finish(j *job, r Result) {
	if r.Err != nil {
		fmt.Fprintf(j.log, "%v\n", r.Err)
	}
	if j.Done != nil {
		j.Done(q.closing, r, j.log)
	}
	j.cancel(nil)
	j.log.end() // before it is forgotten: who asks for the log then gets all of it
	q.mu.Lock()
	delete(q.jobs, j.ID)
	q.mu.Unlock()
}
