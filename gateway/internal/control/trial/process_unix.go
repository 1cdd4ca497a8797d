//go:build unix

package trial

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// group is a child and all its descendants, as long as they stay in its process
// group.
type group struct{ cmd *exec.Cmd }

func newGroup(cmd *exec.Cmd) (*group, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return &group{cmd}, nil
}

func (g *group) started() {}
func (g *group) close()   {}

// kill may come after the child was waited for: as long as others are in the
// group, nobody else gets its number.
func (g *group) kill() error { return syscall.Kill(-g.cmd.Process.Pid, syscall.SIGKILL) }

// killGroup ends the calling child and its descendants.
func killGroup() { _ = syscall.Kill(0, syscall.SIGKILL) }

// takeStandard moves standard input and output out of the way of a library,
// which finds an empty input and prints to standard error.
func takeStandard() (in, out *os.File, err error) {
	empty, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	defer unix.Close(empty)
	take := func(fd, instead int, name string) (*os.File, error) {
		taken, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
		if err != nil {
			return nil, err
		}
		return os.NewFile(uintptr(taken), name), unix.Dup2(instead, fd)
	}
	if in, err = take(0, empty, "orders"); err == nil {
		out, err = take(1, 2, "events")
	}
	return in, out, err
}

// endingOf tells how a process ended: by which signal, or with which status.
func endingOf(state *os.ProcessState) (signal string, status int) {
	if s, ok := state.Sys().(syscall.WaitStatus); ok && s.Signaled() {
		return unix.SignalName(s.Signal()), 0
	}
	return "", state.ExitCode()
}
