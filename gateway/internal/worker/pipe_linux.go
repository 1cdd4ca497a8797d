package worker

import (
	"os"

	"golang.org/x/sys/unix"
)

// enlarge gives a pipe room for a burst. What the system does not allow is done
// without.
func enlarge(pipe *os.File) {
	if raw, err := pipe.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, 1<<20) })
	}
}
