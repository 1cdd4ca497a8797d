//go:build unix

package worker

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// inherit takes a descriptor that control has passed, and keeps it from what
// handlers start.
func inherit(fd int, name string) (*os.File, error) {
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, os.NewSyscallError("inherit "+name, err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// inheritBlocking is for what the runtime writes to by itself.
func inheritBlocking(fd int, name string) *os.File {
	unix.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), name)
}

// writeNow writes what can be written without waiting.
func writeNow(fd uintptr, b []byte) int {
	for {
		n, err := unix.Write(int(fd), b)
		if err != unix.EINTR {
			return max(n, 0)
		}
	}
}

// deaf are the signals that end or reload control, which tells its worker: one
// from a terminal goes to both. The last one comes when control is gone, to which
// standard error leads.
var deaf = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE}
