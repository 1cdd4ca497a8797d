//go:build unix

package toolchain

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// group is a process and all its descendants, as long as they stay in its
// process group.
type group struct{ cmd *exec.Cmd }

func newGroup(cmd *exec.Cmd) (*group, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return &group{cmd}, nil
}

func (g *group) started() {}
func (g *group) close()   {}

func (g *group) kill() error {
	err := syscall.Kill(-g.cmd.Process.Pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
