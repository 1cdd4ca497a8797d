package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/process"
)

// errGone says that the worker process has ended.
var errGone = errors.New("the worker process ended")

const (
	writeMost = 10 * time.Second       // for a worker to take an order
	stray     = 200 * time.Millisecond // for what a process that has ended had still to say

	// registers is how long a runtime may go on after the goroutine that crashed,
	// for what it prints last. With many goroutines it would take a second.
	registers = 10 * time.Millisecond
)

// child is a worker process, as control sees it. Its methods are safe for use
// from many goroutines. Three goroutines read what it says and one waits for its
// end; they are gone when exited is closed.
type child struct {
	cmd      *exec.Cmd
	ends     ends
	crash    *process.CrashOutput
	recorder *abi.Recorder // nil where there are none

	served       time.Time                 // since when; by the supervisor
	worn         chan string               // has the reason, when it is better replaced; again when it gets worse
	processEnded func(gateway.ProcessExit) // does not block
	ordered      atomic.Bool               // it was told to drain
	heard        atomic.Int64              // when it last said something, in Unix nanoseconds
	exited       chan struct{}
	exit         Exit // once exited is closed

	writing sync.Mutex // one order after the other goes out

	mu       sync.Mutex
	last     uint64
	waiting  map[uint64]chan news // for answers, by ID
	gone     bool
	loading  Library
	reported *gateway.Report // the last one
	why      string          // it has to end
	drained  *drained
}

// begin starts a worker and tells it its settings.
func begin(listeners []*os.File, o Options) (*child, error) {
	recorder, err := abi.NewRecorder()
	if err != nil && !errors.Is(err, abi.ErrNoRecorder) {
		return nil, err
	}
	out := &process.Printed{To: os.Stderr}
	cmd, mine, err := spawn(recorder, out, listeners)
	if err != nil {
		return nil, errors.Join(err, recorder.Close())
	}
	c := &child{
		cmd: cmd, ends: mine, recorder: recorder, processEnded: o.processEnded, exited: make(chan struct{}), waiting: map[uint64]chan news{},
		worn:  make(chan string, 2),
		crash: process.NewCrashOutput(),
	}
	c.heard.Store(time.Now().UnixNano())
	var readers sync.WaitGroup
	readers.Go(c.listen)
	readers.Go(func() { relay(mine.lines, o.Keep, o.Print) })
	readers.Go(func() { c.crash.Follow(mine.crash, func() { time.AfterFunc(registers, c.kill) }) })
	go func() {
		_ = cmd.Wait()
		// Whatever holds the ends of the pipes now is not the worker.
		until := time.Now().Add(stray)
		_ = mine.conn.SetReadDeadline(until)
		_ = mine.lines.SetReadDeadline(until)
		_ = mine.crash.SetReadDeadline(until)
		readers.Wait()
		why := out.Why()
		out.Release(len(c.crash.Bytes()) > 0)
		c.end(why)
	}()
	c.send(order{Start: settingsOf(o, recorder != nil)})
	return c, nil
}

// kill ends the process as it is. The system knows whether it has ended already.
func (c *child) kill() { _ = c.cmd.Process.Kill() }

// end takes note of the end of the process.
func (c *child) end(printed []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.exit = Exit{
		Pid: c.cmd.Process.Pid, Status: c.cmd.ProcessState.String(), Output: c.crash.Bytes(), Printed: printed,
		Ordered: c.ordered.Load(), Why: c.why, Loading: c.loading, Recorded: c.recorder.Read(),
	}
	_ = c.recorder.Close()
	c.gone = true
	clear(c.waiting)
	c.ends.close()
	close(c.exited)
}

// well tells, once it has exited, whether that was as ordered.
func (c *child) well() bool {
	return c.ordered.Load() && c.drained != nil && c.cmd.ProcessState.Success()
}

// listen hears news, until there are none. A worker that makes no sense is ended.
func (c *child) listen() {
	for {
		var n news
		if err := process.Read(c.ends.conn, &n); err != nil {
			switch {
			case errors.Is(err, process.ErrMessage):
				c.note(news{Why: "it sent control what makes no sense"})
			case !leaving(c.cmd.Process.Pid):
				c.note(news{Why: "native code has closed the gateway's connection to its control process"})
			}
			c.kill() // else it would hang, and nobody would serve
			return
		}
		c.heard.Store(time.Now().UnixNano())
		if n.Ended != nil {
			c.processEnded(*n.Ended)
			continue
		}
		c.note(n)
	}
}

func (c *child) note(n news) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n.Report != nil {
		r := n.report()
		c.reported = &r
	}
	switch {
	case n.Loading != nil:
		c.loading = *n.Loading
	case n.Loaded:
		c.loading = Library{}
	case n.Worn != "":
		select {
		case c.worn <- n.Worn:
		default: // it is told twice
		}
	case n.Drained != nil:
		c.drained = n.Drained
	case n.Why != "":
		c.why = n.Why
	default:
		if answer := c.waiting[n.ID]; answer != nil {
			answer <- n // there is room
			delete(c.waiting, n.ID)
		}
	}
}

// send gives an order. That it cannot be given shows in the end of the worker.
func (c *child) send(o order) {
	c.writing.Lock()
	defer c.writing.Unlock()
	_ = c.ends.conn.SetWriteDeadline(time.Now().Add(writeMost))
	if err := process.Write(c.ends.conn, o); err != nil {
		c.kill() // it takes none any more, or only a part of this one
	}
}

// ask gives an order and waits for its answer. When ctx ends, the worker is told,
// and the answer is still waited for if wait is set.
func (c *child) ask(ctx context.Context, o order, wait bool) (news, error) {
	answer := make(chan news, 1)
	c.mu.Lock()
	if c.gone {
		c.mu.Unlock()
		return news{}, errGone
	}
	c.last++
	o.ID = c.last
	c.waiting[o.ID] = answer
	c.mu.Unlock()
	c.send(o)
	canceled := ctx.Done()
	for {
		select {
		case n := <-answer:
			return n, nil
		case <-c.exited:
			select {
			case n := <-answer: // it came in time
				return n, nil
			default:
				return news{}, errGone
			}
		case <-canceled:
			c.send(order{ID: o.ID, Cancel: true})
			if !wait {
				c.mu.Lock()
				delete(c.waiting, o.ID)
				c.mu.Unlock()
				return news{}, context.Cause(ctx)
			}
			canceled = nil
		}
	}
}

// apply has the worker converge. One that is silent for too long hangs in native
// code, and is ended.
func (c *child) apply(ctx context.Context, s gateway.Snapshot, silence time.Duration) error {
	c.heard.Store(time.Now().UnixNano())
	done := make(chan struct{})
	defer close(done)
	go func() {
		tick := time.NewTicker(max(silence/20, time.Millisecond))
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-c.exited:
				return
			case <-tick.C:
				if time.Since(time.Unix(0, c.heard.Load())) > silence {
					c.note(news{Why: fmt.Sprintf("it was silent for %s while it took a change", silence)})
					c.kill()
					return
				}
			}
		}
	}()
	n, err := c.ask(ctx, order{Apply: &s}, true)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.loading = Library{} // whatever was, it is over
	c.mu.Unlock()
	return join(n.Errors)
}

// report asks for a report; the last one there was does if none comes.
func (c *child) report() (gateway.Report, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), reportMost)
	defer cancel()
	n, err := c.ask(ctx, order{Report: true}, false)
	if err == nil && n.Report != nil {
		return n.report(), true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reported == nil || c.gone {
		return gateway.Report{}, false
	}
	return *c.reported, true
}

// reportMost is how long a report may take.
const reportMost = 2 * time.Second

// drain orders the end, within a limit.
func (c *child) drain(limit time.Duration) {
	c.ordered.Store(true)
	c.send(order{Drain: max(limit, time.Millisecond)})
}

func (c *child) String() string { return fmt.Sprintf("worker %d", c.cmd.Process.Pid) }
