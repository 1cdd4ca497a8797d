package toolchain

import (
	"os"

	"golang.org/x/sys/windows"
)

// tryLock takes the lock on an open file, against other processes and against
// other openings in this one. It goes with the file's closing.
func tryLock(file *os.File) (bool, error) {
	err := windows.LockFileEx(windows.Handle(file.Fd()),
		windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, new(windows.Overlapped))
	switch err {
	case nil:
		return true, nil
	case windows.ERROR_LOCK_VIOLATION:
		return false, nil
	}
	return false, os.NewSyscallError("LockFileEx", err)
}
