package confine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// variable tells a child of this program that it is one, and what to do.
const variable = "EDGE_GATEWAY_CONFINE"

// Descriptors that the child gets beside the standard ones. The first ends when
// this process does, or wants the program to end; to the second the child
// writes what confines it.
const (
	lifelineFD = 3
	reportFD   = 4
)

// order is what the child is to do.
type order struct {
	Path       string
	Args       []string
	Dir        string
	Policy     Policy
	Namespaces bool
}

// Process is a program that is confined, with all that it started. Whoever
// prepared it closes it, after the command has been waited for.
type Process struct {
	cmd        *exec.Cmd
	policy     Policy
	namespaces bool
	lifeline   *os.File // our end
	report     *os.File // our end
	theirs     []*os.File
	watch      *watchdog
	closing    sync.Once
}

var hooked bool // Main was called

// Main has to be the first that main does, and TestMain. In a child that is to
// confine a program it does not return.
func Main() {
	hooked = true
	if text, ok := os.LookupEnv(variable); ok {
		os.Unsetenv(variable)
		os.Exit(child(text))
	}
}

// Prepare makes cmd, which has not been started, run confined. Afterwards its
// Path, Args and SysProcAttr belong to this package; its environment and output
// are the program's.
func Prepare(cmd *exec.Cmd, p Policy) (*Process, error) {
	if !hooked {
		return nil, errors.New("confine: main does not call confine.Main")
	}
	c := &Process{cmd: cmd, policy: p, namespaces: namespacesWork()}
	text, err := json.Marshal(order{cmd.Path, cmd.Args, cmd.Dir, p, c.namespaces})
	if err != nil {
		return nil, fmt.Errorf("confine: %w", err)
	}
	read, lifeline, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("confine: %w", err)
	}
	report, write, err := os.Pipe()
	if err != nil {
		read.Close()
		lifeline.Close()
		return nil, fmt.Errorf("confine: %w", err)
	}
	c.lifeline, c.report, c.theirs = lifeline, report, []*os.File{read, write}
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	// As it was when this process began, even if it was replaced since.
	cmd.Path, cmd.Args, cmd.Dir = "/proc/self/exe", []string{"confine"}, "/"
	cmd.Env = append(cmd.Env[:len(cmd.Env):len(cmd.Env)], variable+"="+string(text))
	cmd.ExtraFiles = c.theirs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if c.namespaces {
		useNamespaces(cmd.SysProcAttr, !p.Network)
	}
	return c, nil
}

// Started begins the watch over the limits, once cmd was started.
func (c *Process) Started() {
	c.closeTheirs()
	c.watch = startWatchdog(c.cmd.Process.Pid, c.policy, func() { _ = c.Kill() })
}

func (c *Process) closeTheirs() {
	for _, file := range c.theirs {
		file.Close()
	}
	c.theirs = nil
}

// Kill ends the program and all that it started.
func (c *Process) Kill() error {
	if !c.namespaces {
		c.lifeline.Close() // the child ends all others, then itself
		return nil
	}
	err := unix.Kill(c.cmd.Process.Pid, unix.SIGKILL)
	if errors.Is(err, unix.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// Close tells what confined the program, and which limit ended it: nil or a
// [*LimitError].
func (c *Process) Close() (isolation []string, err error) {
	c.closing.Do(func() {
		c.closeTheirs()
		c.lifeline.Close()
		if c.watch != nil {
			err = c.watch.stop()
			// The child has ended or never was; nothing else writes to it.
			text, _ := io.ReadAll(io.LimitReader(c.report, 4096))
			_ = json.Unmarshal(text, &isolation)
			if len(isolation) > 0 {
				isolation = append(isolation, "watchdog")
			}
		}
		c.report.Close()
	})
	return isolation, err
}
