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

// highest is the highest number of a descriptor that is worth its place in the
// system's table of them.
const highest = 1<<16 - 1

// inheritOrders takes the descriptor of orders, and moves it to where no handler
// meets it that closes what it takes for its own. When a process ends, Linux
// closes the highest first, so that control hears of it before thousands of
// connections are closed.
func inheritOrders(fd int) (*os.File, error) {
	orders, err := inherit(fd, "orders")
	if err != nil {
		return nil, err
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return orders, nil
	}
	to := int(min(limit.Cur, highest+1)) - 1
	moved, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, to)
	if err != nil {
		return orders, nil
	}
	return os.NewFile(uintptr(moved), "orders"), orders.Close()
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
