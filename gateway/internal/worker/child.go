package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
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
//
// A worker that crashes is dead for control before its process has ended: with
// thousands of connections the system takes a while for that.
type child struct {
	cmd      *exec.Cmd
	ends     ends
	crash    *process.CrashOutput
	printed  *process.Printed
	recorder *abi.Recorder // nil where there are none

	ordered      atomic.Bool               // it was told to drain
	hung         atomic.Bool               // it is killed since it does not get on
	dropped      atomic.Bool               // it is killed since it is of no use
	served       time.Time                 // since when; by the supervisor
	worn         chan string               // has the reason, when it is better replaced; again when it gets worse
	processEnded func(gateway.ProcessExit) // does not block
	heard        atomic.Int64              // when it last said something, in Unix nanoseconds
	told         chan struct{}             // closed when there are no more log lines
	exited       chan struct{}
	fallen       chan struct{} // closed when it does nothing any more, at the latest with exited
	fall         sync.Once
	exit         Exit // once fallen is closed
	well         bool // likewise: the end was ordered, and went as it should

	accounting sync.Once
	verdict    Verdict // once it was accounted for

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
	cmd, mine, err := spawn(recorder, listeners)
	if err != nil {
		return nil, errors.Join(err, recorder.Close())
	}
	c := &child{
		cmd: cmd, ends: mine, recorder: recorder, told: make(chan struct{}), exited: make(chan struct{}), fallen: make(chan struct{}),
		processEnded: o.processEnded, worn: make(chan string, 2), waiting: map[uint64]chan news{}, crash: process.NewCrashOutput(), printed: out,
	}
	c.heard.Store(time.Now().UnixNano())
	var readers sync.WaitGroup
	readers.Go(c.listen)
	readers.Go(func() {
		defer close(c.told)
		relay(mine.lines, o.Keep, o.Print)
	})
	readers.Go(func() { c.crash.Follow(mine.crash, func() { go c.cutShort() }) })
	readers.Go(func() { _, _ = io.Copy(out, mine.printed) })
	go func() {
		_ = cmd.Wait()
		// Whatever holds the ends of the pipes now is not the worker.
		until := time.Now().Add(stray)
		_ = mine.conn.SetReadDeadline(until)
		_ = mine.lines.SetReadDeadline(until)
		_ = mine.crash.SetReadDeadline(until)
		_ = mine.printed.SetReadDeadline(until)
		readers.Wait()
		known := len(c.crash.Bytes()) > 0
		c.end()
		out.Release(known)
	}()
	c.send(order{Start: settingsOf(o, recorder != nil)})
	return c, nil
}

// drop ends a worker that is of no use any more, and of which nothing is to be
// learned.
func (c *child) drop() {
	c.dropped.Store(true)
	c.kill()
}

// kill ends the process as it is. The system knows whether it has ended already.
func (c *child) kill() { _ = c.cmd.Process.Kill() }

// cutShort ends a worker whose runtime has told what matters of a crash. That
// runtime has stopped everything that notes something in the recorder.
func (c *child) cutShort() {
	select {
	case <-c.exited:
	case <-time.After(registers):
		c.kill()
		c.fell("signal: killed", false)
	}
}

// hungUp is for a worker that ends, and has closed its end of the conversation.
func (c *child) hungUp(how syscall.WaitStatus) {
	// What it said is in the pipes, whose ends come last.
	patience, cancel := context.WithTimeout(context.Background(), registers)
	defer cancel()
	for _, said := range []<-chan struct{}{c.told, c.crash.Ended()} {
		select {
		case <-said:
		case <-patience.Done():
		}
	}
	c.fell(statusText(how), how.Exited() && how.ExitStatus() == 0)
}

// fell takes note that it does nothing any more.
func (c *child) fell(status string, success bool) {
	c.fall.Do(func() {
		recorded := c.recorder.Read()
		c.mu.Lock()
		defer c.mu.Unlock()
		c.exit = Exit{
			Pid: c.cmd.Process.Pid, Status: status, Output: c.crash.Bytes(), Printed: c.printed.Why(),
			Ordered: c.ordered.Load(), Why: c.why, Loading: c.loading, Hung: c.hung.Load(), Recorded: recorded,
		}
		c.well = success && c.exit.Ordered && c.drained != nil
		c.gone = true
		clear(c.waiting)
		close(c.fallen)
	})
}

// end takes note of the end of the process.
func (c *child) end() {
	c.fell(c.cmd.ProcessState.String(), c.cmd.ProcessState.Success())
	_ = c.recorder.Close()
	c.ends.close()
	close(c.exited)
}

// listen hears news, until there are none. A worker that makes no sense is ended.
func (c *child) listen() {
	for {
		var n news
		if err := process.Read(c.ends.conn, &n); err != nil {
			how, known, ends := exiting(c.cmd.Process.Pid)
			switch {
			case errors.Is(err, process.ErrMessage):
				c.note(news{Why: "it sent control what makes no sense"})
				c.kill()
			case ends:
				go c.hungUp(how)
			case known: // it would hang, and nobody would serve
				c.note(news{Why: "native code has closed the gateway's connection to its control process"})
				c.kill()
			}
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
		case <-c.fallen:
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
			case <-c.fallen:
				return
			case <-tick.C:
				if time.Since(time.Unix(0, c.heard.Load())) > silence {
					c.hung.Store(true)
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

// final is the last report there was, if any.
func (c *child) final() *gateway.Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reported
}

// reportMost is how long a report may take.
const reportMost = 2 * time.Second

// drain orders the end, within a limit.
func (c *child) drain(limit time.Duration) {
	c.ordered.Store(true)
	c.send(order{Drain: max(limit, time.Millisecond)})
}

func (c *child) String() string { return fmt.Sprintf("worker %d", c.cmd.Process.Pid) }
