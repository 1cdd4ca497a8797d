package isolate

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/edge-gateway/edge-gateway/gateway/internal/process"
)

const supported = true

// spawn starts the process.
func (c *child) spawn(printed io.Writer) (err error) {
	o := &c.m.opts
	path, name, err := process.Program()
	if err != nil {
		return err
	}
	var theirs []*os.File
	defer func() {
		for _, f := range theirs {
			_ = f.Close()
		}
		if err != nil {
			c.ends.close()
		}
	}()
	mine, orders, err := process.Socket("orders")
	if err != nil {
		return err
	}
	c.ends.orders, theirs = mine, append(theirs, orders)
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	c.ends.crash, theirs = read, append(theirs, write)
	empty, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	theirs = append(theirs, empty)
	recording := empty
	if c.recorder != nil {
		recording = c.recorder.File()
	}
	memory, bell := c.link.Files()
	first := stage{Data: o.Data, Instances: o.Instances}
	if o.Limits.Open {
		first = stage{}
	}
	c.cmd = &exec.Cmd{
		Path: path, Args: []string{name, "handler", o.Endpoint}, Dir: o.Instances,
		Env:   append(environment(), first.variable()),
		Stdin: empty, Stdout: os.Stdout, Stderr: printed, // handlers may print
		WaitDelay:   stray, // what they have started may go on to
		ExtraFiles:  []*os.File{orders, memory, bell, write, recording},
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL},
	}
	if c.ends.group, c.bounds = newGroup(o.Limits); c.ends.group != nil {
		c.cmd.SysProcAttr.UseCgroupFD, c.cmd.SysProcAttr.CgroupFD = true, int(c.ends.group.dir.Fd())
	}
	if err := onStarter(c.cmd.Start); err != nil {
		return fmt.Errorf("start a process: %w", err)
	}
	// Where the memory of the whole system is short, it goes before the gateway.
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", c.pid()), []byte("500"), 0)
	return nil
}

func (e *ends) close() {
	if e.orders != nil {
		_ = e.orders.Close()
	}
	if e.crash != nil {
		_ = e.crash.Close()
	}
	e.group.remove()
}

// environment is that of a process: what handlers in the gateway's own have,
// without what is meant for the gateway.
func environment() []string {
	var env []string
	for _, one := range os.Environ() {
		if !strings.HasPrefix(one, "EDGE_GATEWAY_") {
			env = append(env, one)
		}
	}
	return process.Environment(env)
}

// awaitEnd waits until a process has ended, and leaves it to be waited for: its
// number, and that of its group, stay its own until then.
func awaitEnd(pid int) {
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}

// killGroup ends what a process has started and that is still there.
func killGroup(pid int) { _ = unix.Kill(-pid, unix.SIGKILL) }
