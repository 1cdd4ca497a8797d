package actor

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

// begun is a life that counts how often it was over.
func begun(timeout time.Duration) (l *life, over chan error) {
	l, over = &life{}, make(chan error, 2)
	l.over = func(err error) { over <- err }
	now := time.Now()
	l.begin(now, now.Add(timeout))
	return l, over
}

// A message's context keeps the promises of package context.
func TestLifeIsAContext(t *testing.T) {
	for name, of := range map[string]struct {
		timeout time.Duration
		end     func(*life)
		want    error
		told    bool
	}{
		"deadline": {time.Millisecond, func(*life) {}, context.DeadlineExceeded, true},
		"canceled": {time.Hour, func(l *life) { l.end(context.Canceled) }, context.Canceled, true},
		"done":     {time.Hour, func(l *life) { l.finish() }, context.Canceled, false},
	} {
		t.Run(name, func(t *testing.T) {
			l, over := begun(of.timeout)
			after := make(chan struct{})
			context.AfterFunc(l, func() { close(after) })
			child, cancel := context.WithCancel(l)
			defer cancel()
			of.end(l)
			<-l.Done()
			<-after
			<-child.Done()
			if !errors.Is(l.Err(), of.want) || !errors.Is(child.Err(), of.want) || !errors.Is(context.Cause(l), of.want) {
				t.Errorf("ended with %v, its child with %v, want %v", l.Err(), child.Err(), of.want)
			}
			if of.told {
				if err := <-over; !errors.Is(err, of.want) {
					t.Errorf("over with %v, want %v", err, of.want)
				}
			}
			l.end(context.Canceled)
			if len(over) > 0 {
				t.Error("it was told again")
			}
			late := make(chan struct{})
			if stop := context.AfterFunc(l, func() { close(late) }); stop() {
				t.Error("a function was stopped after the end")
			}
			<-late
		})
	}
}

func TestLifeForgetsAFunctionThatWasStopped(t *testing.T) {
	l, _ := begun(time.Hour)
	var ran atomic.Int32
	kept := make(chan struct{})
	stop := context.AfterFunc(l, func() { ran.Add(1) })
	context.AfterFunc(l, func() { close(kept) })
	if !stop() || stop() {
		t.Error("stopping says true the first time and false then")
	}
	l.finish()
	<-kept
	if len(l.after) != 0 || ran.Load() != 0 {
		t.Errorf("%d functions are left, %d ran", len(l.after), ran.Load())
	}
}

// The caller need not wait for a driver that does not notice its deadline.
func TestCutComesWhileRunGoesOn(t *testing.T) {
	a := newActor(t, &backend{}, 1, 1, time.Minute)
	for name, want := range map[string]error{"deadline": context.DeadlineExceeded, "canceled": context.Canceled} {
		t.Run(name, func(t *testing.T) {
			running, enough := make(chan struct{}), make(chan struct{})
			cut := make(chan error, 2)
			deadline := time.Now().Add(time.Minute)
			if want == context.DeadlineExceeded {
				deadline = time.Now().Add(50 * time.Millisecond)
			}
			cancel := a.Send(Message[*conn]{
				Deadline: deadline,
				Run: func(context.Context, *conn) error {
					close(running)
					<-enough
					return nil
				},
				Fail: func(err error) { t.Errorf("failed with %v while it ran", err) },
				Cut:  func(err error) { cut <- err },
			})
			<-running
			if want == context.Canceled {
				cancel()
			}
			if err := <-cut; err != want {
				t.Errorf("cut with %v, want %v", err, want)
			}
			close(enough)
			cancel()
			if len(cut) > 0 {
				t.Error("cut twice")
			}
		})
	}
}
