//go:build unix

package worker

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/process"
)

// Supported tells whether a process can inherit listeners here.
const Supported = true

// ends are control's ends of what connects it to a worker.
type ends struct {
	conn    *os.File // orders and news
	lines   *os.File
	crash   *os.File
	printed *os.File // standard error
}

func (e ends) close() {
	for _, f := range []*os.File{e.conn, e.lines, e.crash, e.printed} {
		_ = f.Close()
	}
}

// spawn starts a worker process.
func spawn(recorder *abi.Recorder, listeners []*os.File) (cmd *exec.Cmd, mine ends, err error) {
	if !ready {
		return nil, ends{}, errors.New("the program has not called worker.Main")
	}
	path, self, err := process.Program()
	if err != nil {
		return nil, ends{}, err
	}
	var theirs []*os.File
	defer func() {
		for _, f := range theirs {
			_ = f.Close()
		}
		if err != nil {
			mine.close()
		}
	}()
	conn, orders, err := process.Socket("orders")
	if err != nil {
		return nil, ends{}, err
	}
	mine.conn, theirs = conn, append(theirs, orders)
	for _, end := range []**os.File{&mine.lines, &mine.crash, &mine.printed} {
		read, write, err := os.Pipe()
		if err != nil {
			return nil, mine, err
		}
		*end = read
		theirs = append(theirs, write)
	}
	enlarge(mine.lines)
	empty, err := os.Open(os.DevNull)
	if err != nil {
		return nil, mine, err
	}
	defer empty.Close()
	recording := empty
	if recorder != nil {
		recording = recorder.File()
	}
	cmd = &exec.Cmd{
		Path: path, Args: []string{self, "worker"}, Env: process.Environment(append(os.Environ(), mark+"=1")),
		Stdin: empty, Stdout: os.Stdout, Stderr: theirs[3], // handlers may print
		ExtraFiles: append(append(theirs[:3:3], recording), listeners...),
	}
	if err := cmd.Start(); err != nil {
		return nil, mine, fmt.Errorf("start a worker: %w", err)
	}
	return cmd, mine, nil
}

// inheritable are copies of listeners that can be passed on as they are. Those
// that File gives would be made to block, and a listener shares that with its
// copies in other processes.
func inheritable(listeners []net.Listener) (files []*os.File, err error) {
	defer func() {
		if err != nil {
			for _, f := range files {
				_ = f.Close()
			}
		}
	}()
	for _, ln := range listeners {
		with, ok := ln.(syscall.Conn)
		if !ok {
			return files, fmt.Errorf("a listener of type %T cannot be passed to a worker", ln)
		}
		raw, err := with.SyscallConn()
		if err != nil {
			return files, err
		}
		var fd int
		var failed error
		if err := raw.Control(func(from uintptr) { fd, failed = unix.FcntlInt(from, unix.F_DUPFD_CLOEXEC, 3) }); err != nil {
			return files, err
		}
		if failed != nil {
			return files, os.NewSyscallError("copy a listener", failed)
		}
		files = append(files, os.NewFile(uintptr(fd), "listener"))
	}
	return files, nil
}
