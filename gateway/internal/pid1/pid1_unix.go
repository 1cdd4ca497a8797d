//go:build unix

// Package pid1 is for a process that the system, or a container, has started as
// its first one.
package pid1

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// passedOn are the signals that mean the program.
var passedOn = []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2}

// Run starts the program anew as a child, if this process is the first one, and
// gives the exit status when that has ended. The first process has to wait for
// every process whose own parent is gone; a program that waits for children of
// its own does better in another one.
func Run() (status int, is bool, err error) {
	if os.Getpid() != 1 {
		return 0, false, nil
	}
	status, err = run()
	return status, true, err
}

func run() (int, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, fmt.Errorf("find the program's own file: %w", err)
	}
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, passedOn...)
	child := exec.Command(self, os.Args[1:]...)
	child.Args[0] = os.Args[0]
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	// A terminal's signals go to this process alone, and come to the child once.
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := child.Start(); err != nil {
		return 0, fmt.Errorf("start the program beside the first process: %w", err)
	}
	go func() {
		for s := range signals {
			_ = child.Process.Signal(s)
		}
	}()
	for {
		var how syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &how, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return 0, fmt.Errorf("wait for processes: %w", err)
		case pid == child.Process.Pid:
			return statusOf(how), nil
		}
	}
}

// statusOf is the exit status as a shell has it.
func statusOf(how syscall.WaitStatus) int {
	if how.Signaled() {
		return 128 + int(how.Signal())
	}
	return how.ExitStatus()
}
