//go:build unix

package servertest

import (
	"os/exec"
	"syscall"
)

// isolate gives the server a process group of its own.
func isolate(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
}

func signalGroup(cmd *exec.Cmd, signal syscall.Signal) { _ = syscall.Kill(-cmd.Process.Pid, signal) }

// Hang stops every process of the server without ending it: connections stay,
// and nobody answers. Continue goes on.
func (s *Server) Hang()     { signalGroup(s.cmd, syscall.SIGSTOP) }
func (s *Server) Continue() { signalGroup(s.cmd, syscall.SIGCONT) }
