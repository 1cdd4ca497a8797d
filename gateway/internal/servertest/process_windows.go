package servertest

import (
	"os/exec"
	"syscall"
)

func isolate(*exec.Cmd) {}

func signalGroup(cmd *exec.Cmd, _ syscall.Signal) { _ = cmd.Process.Kill() }
