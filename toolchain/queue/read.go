package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// Log reads the log of a build, also of one that ended in an earlier process.
// With follow it goes on until the build has ended, ctx has, or it is closed.
// An unknown build's matches [fs.ErrNotExist].
func (q *Queue) Log(ctx context.Context, id string, follow bool) (io.ReadCloser, error) {
	if !validID.MatchString(id) {
		return nil, fmt.Errorf("log of build %q: %w", id, fs.ErrNotExist)
	}
	q.mu.Lock()
	j := q.jobs[id]
	q.mu.Unlock()
	file, err := os.Open(q.path(id))
	if err != nil {
		return nil, fmt.Errorf("log of build %q: %w", id, err)
	}
	if j == nil || !follow {
		return file, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	return &follower{file, j.log, ctx, cancel}, nil
}

// Remove deletes the log of a build that has ended. That there is none is no
// error.
func (q *Queue) Remove(id string) error {
	if !validID.MatchString(id) {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.jobs[id] != nil {
		return fmt.Errorf("remove log of build %q: the build has not ended", id)
	}
	if err := os.Remove(q.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove log of build %q: %w", id, err)
	}
	return nil
}

// RemoveUnknown deletes the logs that keep does not want: those of builds that
// a process forgot and was killed before it had removed their logs.
func (q *Queue) RemoveUnknown(keep func(id string) bool) error {
	entries, err := os.ReadDir(q.options.LogDir)
	if err != nil {
		return fmt.Errorf("list the logs of builds: %w", err)
	}
	for _, entry := range entries {
		id, is := strings.CutSuffix(entry.Name(), extension)
		if is && !keep(id) {
			err = errors.Join(err, q.Remove(id))
		}
	}
	return err
}

// follower reads a log that grows. It has no goroutine: a Read waits.
type follower struct {
	file   *os.File
	log    *log
	ctx    context.Context
	cancel context.CancelFunc // wakes a Read that waits
}

func (f *follower) Read(p []byte) (int, error) {
	for {
		ended, changed := f.log.state()
		n, err := f.file.Read(p)
		if n > 0 || ended || err != io.EOF {
			return n, err
		}
		select {
		case <-changed:
		case <-f.ctx.Done():
			return 0, context.Cause(f.ctx)
		}
	}
}

func (f *follower) Close() error {
	f.cancel()
	return f.file.Close()
}
