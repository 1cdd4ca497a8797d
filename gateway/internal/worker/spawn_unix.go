//go:build unix

package worker

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/edge-gateway/edge-gateway/abi"
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
	self, err := os.Executable()
	if err != nil {
		return nil, ends{}, fmt.Errorf("find the program's own file: %w", err)
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
	pair, err := socketPair()
	if err != nil {
		return nil, ends{}, err
	}
	theirs = append(theirs, os.NewFile(uintptr(pair[1]), "orders"))
	_ = unix.SetNonblock(pair[0], true)
	mine.conn = os.NewFile(uintptr(pair[0]), "orders")
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
		Path: image(self), Args: []string{self, "worker"}, Env: environment(),
		Stdin: empty, Stdout: os.Stdout, Stderr: theirs[3], // handlers may print
		ExtraFiles: append(append(theirs[:3:3], recording), listeners...),
	}
	if err := cmd.Start(); err != nil {
		return nil, mine, fmt.Errorf("start a worker: %w", err)
	}
	return cmd, mine, nil
}

func socketPair() ([2]int, error) {
	syscall.ForkLock.RLock() // no process is started between the two steps
	defer syscall.ForkLock.RUnlock()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return pair, os.NewSyscallError("socketpair", err)
	}
	for _, fd := range pair {
		unix.CloseOnExec(fd)
	}
	return pair, nil
}

// image is the program that runs, even if its file was replaced since: what
// both processes say to each other has no version.
func image(self string) string {
	const running = "/proc/self/exe"
	if _, err := os.Stat(running); runtime.GOOS == "linux" && err == nil {
		return running
	}
	return self
}

// environment is that of a worker.
func environment() []string {
	env := append(os.Environ(), mark+"=1")
	name, value, ok := abi.Environment()
	if ok || name == "" {
		return env
	}
	for i, one := range env {
		if strings.HasPrefix(one, name+"=") {
			env[i] = name + "=" + value
			return env
		}
	}
	return append(env, name+"="+value)
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
