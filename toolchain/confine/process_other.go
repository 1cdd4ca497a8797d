//go:build !linux

package confine

import (
	"errors"
	"os/exec"
)

// Process is a program that is confined. Whoever prepared it closes it, after
// the command has been waited for.
type Process struct{ isolation []string }

var hooked bool // Main was called

// Main has to be the first that main does, and TestMain. In a child that is to
// confine a program it does not return.
func Main() {
	hooked = true
	child()
}

// Prepare makes cmd, which has not been started, run confined as far as this
// system can. How it is started and killed stays as it is.
func Prepare(cmd *exec.Cmd, p Policy) (*Process, error) {
	if !hooked {
		return nil, errors.New("confine: main does not call confine.Main")
	}
	isolation, err := prepare(cmd, p)
	return &Process{isolation}, err
}

// Started begins the watch over the limits, where there is one.
func (c *Process) Started() {}

// Kill reports that ending the program is left to the caller.
func (c *Process) Kill() error { return errors.ErrUnsupported }

// Close tells what confined the program.
func (c *Process) Close() (isolation []string, err error) { return c.isolation, nil }
