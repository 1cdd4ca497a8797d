//go:build unix

package process

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/edge-gateway/edge-gateway/abi"
)

// Program is the file of the program that runs, even if the one of its name was
// replaced since: what its processes say to each other has no version.
func Program() (path, name string, err error) {
	name, err = os.Executable()
	if err != nil {
		return "", "", fmt.Errorf("find the program's own file: %w", err)
	}
	const running = "/proc/self/exe"
	if _, err := os.Stat(running); runtime.GOOS == "linux" && err == nil {
		return running, name, nil
	}
	return name, name, nil
}

// Environment adds what a process needs to load Go libraries to an environment.
func Environment(env []string) []string {
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

// Socket makes two connected ends, for a process and one that it starts.
func Socket(name string) (mine, theirs *os.File, err error) {
	syscall.ForkLock.RLock() // no process is started between the two steps
	defer syscall.ForkLock.RUnlock()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	for _, fd := range pair {
		unix.CloseOnExec(fd)
	}
	_ = unix.SetNonblock(pair[0], true)
	return os.NewFile(uintptr(pair[0]), name), os.NewFile(uintptr(pair[1]), name), nil
}

// Inherit takes a descriptor that the parent has passed, and keeps it from what
// handlers start.
func Inherit(fd int, name string) (*os.File, error) {
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, os.NewSyscallError("inherit "+name, err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// InheritBlocking is for what the runtime writes to by itself.
func InheritBlocking(fd int, name string) *os.File {
	unix.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), name)
}
