//go:build unix

package toolchain

import (
	"os"
	"syscall"
)

// tryLock takes the lock on an open file, against other processes and against
// other openings in this one. It goes with the file's closing.
func tryLock(file *os.File) (bool, error) {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch err {
	case nil:
		return true, nil
	case syscall.EWOULDBLOCK, syscall.EINTR:
		return false, nil
	}
	return false, os.NewSyscallError("flock", err)
}
