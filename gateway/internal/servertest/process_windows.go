package servertest

import (
	"os/exec"
	"syscall"
)

func isolate(*exec.Cmd) {}

func signalGroup(cmd *exec.Cmd, _ syscall.Signal) { _ = cmd.Process.Kill() }

// Hang skips the test: processes cannot be stopped here.
func (s *Server) Hang() { s.t.Skip("a process cannot be stopped on this system") }

// Continue has nothing to let go on.
func (s *Server) Continue() {}
