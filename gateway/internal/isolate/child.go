package isolate

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
	"github.com/edge-gateway/edge-gateway/gateway/internal/process"
)

const (
	startMost = time.Minute            // for a process to start; it hangs then
	endMost   = 10 * time.Second       // likewise, to end
	writeMost = 5 * time.Second        // for a process to take an order
	registers = 10 * time.Millisecond  // for a runtime to go on about a crash, after what matters; it takes a second if there are many goroutines
	newsMost  = 1 << 20                // bytes of what a process says at a time; what its handler writes there makes no sense
	stray     = 200 * time.Millisecond // for what a process that has ended had still to say
)

// child is a process, as its module sees it. It has a few goroutines, which are
// gone when exited is closed.
type child struct {
	m        *Module
	cmd      *exec.Cmd
	ends     ends
	crash    *process.CrashOutput
	recorder *abi.Recorder // nil where there are none
	link     *abi.Link
	remote   *abi.Remote
	bounds   []string
	started  time.Time

	gone bool // under the module's mu: it is never live again

	ordered, hung atomic.Bool
	killed        atomic.Bool // by the gateway
	ranOut        bool        // its control group did, of memory; wait sets it
	heard         chan news
	ended         chan struct{} // the process has
	exited        chan struct{} // and all is known of it
	exit          Exit          // once exited is closed
}

// ends are the gateway's ends of what connects it to a process.
type ends struct {
	orders *os.File
	crash  *os.File
	group  *group // nil without one
}

// launch starts a process, and waits until it serves.
func (m *Module) launch(ctx context.Context) (*child, error) {
	c, err := m.begin()
	if err != nil {
		return nil, err
	}
	c.send(order{Start: &start{
		Endpoint: m.opts.Endpoint, Config: m.opts.Config, Trial: m.opts.Trial, Library: m.copy, Digest: m.opts.Digest, Go: m.opts.Go,
		Threads: m.opts.Threads, Limits: m.opts.Limits, Recorder: c.recorder != nil,
	}})
	hangs := time.NewTimer(startMost)
	defer hangs.Stop()
	doing := "while its library was loaded: in a constructor, most likely"
	for {
		select {
		case n := <-c.heard:
			switch {
			case n.Opened:
				doing = "in its handler_init"
				continue
			case n.Started != nil:
				c.bounds = append(n.Started.Bounds, c.bounds...)
				return c, nil
			case n.Failed != nil:
				err = n.Failed.err()
			default:
				err = process.ErrMessage
			}
		case <-c.exited:
			return nil, &diedError{c.exit, doing}
		case <-ctx.Done():
			err = context.Cause(ctx)
		case <-hangs.C:
			err = fmt.Errorf("it has not started within %v: it hung %s", startMost, doing)
		}
		c.kill()
		<-c.exited
		return nil, err
	}
}

// begin starts a process that waits for its first order.
func (m *Module) begin() (*child, error) {
	recorder, err := abi.NewRecorder()
	if err != nil && !errors.Is(err, abi.ErrNoRecorder) {
		return nil, err
	}
	link, err := abi.NewLink(m.opts.MaxMemory)
	if err != nil {
		return nil, errors.Join(err, recorder.Close())
	}
	c := &child{
		m: m, recorder: recorder, link: link, started: time.Now(),
		remote: abi.NewRemote(link, abi.RemoteOptions{Memory: m.opts.Memory, Host: m.opts.Host, Recorder: recorder}),
		crash:  process.NewCrashOutput(), heard: make(chan news, 4), ended: make(chan struct{}), exited: make(chan struct{}),
	}
	out := &process.Printed{To: os.Stderr}
	if err := c.spawn(out); err != nil {
		c.remote.Ended()
		link.Close()
		return nil, errors.Join(err, recorder.Close())
	}
	var busy sync.WaitGroup
	busy.Go(c.remote.Run)
	busy.Go(c.listen)
	busy.Go(func() { c.crash.Follow(c.ends.crash, func() { time.AfterFunc(registers, c.kill) }) })
	busy.Go(c.watch)
	go func() {
		lost := c.wait()
		// Whatever holds the ends of the pipes now is not the process.
		until := time.Now().Add(stray)
		_ = c.ends.orders.SetReadDeadline(until)
		_ = c.ends.crash.SetReadDeadline(until)
		busy.Wait()
		why := out.Why()
		out.Release(len(c.crash.Bytes()) > 0)
		c.exit = Exit{
			Pid: c.pid(), Status: c.cmd.ProcessState.String(), Output: c.crash.Bytes(), Printed: why, Hung: c.hung.Load(),
			Outside: c.outside(), Lost: lost, Recorded: recorder.Read(),
		}
		_ = recorder.Close()
		_ = c.ends.orders.Close()
		_ = c.ends.crash.Close()
		link.Close()
		close(c.exited)
	}()
	return c, nil
}

// wait waits for the end of the process, and ends what it has started and left,
// before the requests are lost: that has the link too, and would go on answering.
func (c *child) wait() (lost int) {
	awaitEnd(c.pid())
	close(c.ended)
	c.m.take(c)
	killGroup(c.pid()) // before its number can become another's
	c.ranOut = c.ends.group.ranOut()
	c.ends.group.remove()
	lost = c.remote.Ended()
	_ = c.cmd.Wait()
	return lost
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// kill ends the process as it is. The system knows whether it has ended already.
func (c *child) kill() {
	c.killed.Store(true)
	_ = c.cmd.Process.Kill()
}

// unheard ends the process since it is not heard any more, unless that is because
// it ends by itself: then it has not been killed.
func (c *child) unheard() {
	select {
	case <-c.ended:
	case <-time.After(stray):
		c.kill()
	}
}

// outside tells, once it has ended, whether somebody else has killed it: not the
// gateway, and not the kernel for its memory.
func (c *child) outside() bool {
	return c.cmd.ProcessState.String() == "signal: killed" && !c.killed.Load() && !c.ranOut && len(c.crash.Bytes()) == 0
}

// listen hears news, until there are none. A process that makes no sense, or has
// closed what connects it with the gateway, is ended; for one that has ended by
// itself this changes nothing.
func (c *child) listen() {
	for {
		var n news
		err := process.ReadShort(c.ends.orders, &n, newsMost)
		switch {
		case errors.Is(err, process.ErrMessage):
			c.kill()
			return
		case err != nil:
			c.unheard()
			return
		}
		select {
		case c.heard <- n:
		default: // it says more than there is to say
			c.kill()
		}
	}
}

// send gives an order. That it cannot be given shows in the end of the process.
func (c *child) send(o order) {
	_ = c.ends.orders.SetWriteDeadline(time.Now().Add(writeMost))
	if err := process.Write(c.ends.orders, o); err != nil {
		c.unheard()
	}
}

// shutdown ends a process in which there are no requests, and waits for that.
func (c *child) shutdown() {
	c.ordered.Store(true)
	c.m.take(c)
	c.send(order{Shutdown: true})
	hangs := time.AfterFunc(endMost, func() {
		c.hung.Store(true)
		c.kill()
	})
	defer hangs.Stop()
	<-c.exited
}

// well tells, once it has exited, whether that was as ordered.
func (c *child) well() bool { return c.ordered.Load() && c.cmd.ProcessState.Success() }
