//go:build unix

package servertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
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
func (s *Server) Hang() {
	s.t.Helper()
	signalGroup(s.cmd, syscall.SIGSTOP)
	for deadline := time.Now().Add(5 * time.Second); !stopped(s.cmd.Process.Pid); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s does not stop", s.cmd.Path)
		}
	}
}

// Continue lets a server that hangs go on.
func (s *Server) Continue() { signalGroup(s.cmd, syscall.SIGCONT) }

// stopped tells whether every thread of a process group has taken its SIGSTOP,
// which takes a moment; where there is no /proc, it is not known.
func stopped(group int) bool {
	tasks, _ := filepath.Glob("/proc/[0-9]*/task/[0-9]*/stat")
	for _, task := range tasks {
		stat, err := os.ReadFile(task)
		if err != nil {
			continue // ended meanwhile
		}
		// "pid (name) state parent group ...": a name may hold anything.
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if len(fields) > 2 && fields[2] == strconv.Itoa(group) && !strings.Contains("TtZ", fields[0]) {
			return false
		}
	}
	return true
}
