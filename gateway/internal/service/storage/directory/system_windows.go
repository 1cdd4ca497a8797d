package directory

import (
	"os"

	"golang.org/x/sys/windows"
)

// Folders cannot be flushed here; NTFS keeps its journal in order by itself.
const foldersSync = false

// lock locks a file until it is closed or the process ends; false if somebody
// else has it.
func lock(f *os.File) bool {
	at := new(windows.Overlapped)
	return windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, at) == nil
}

const (
	errFull  = windows.ERROR_DISK_FULL
	errQuota = windows.ERROR_DISK_QUOTA_EXCEEDED
)
