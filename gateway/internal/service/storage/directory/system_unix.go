//go:build unix

package directory

import (
	"os"

	"golang.org/x/sys/unix"
)

const foldersSync = true

// lock locks a file until it is closed or the process ends; false if somebody
// else has it.
func lock(f *os.File) bool { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil }

const (
	errFull  = unix.ENOSPC
	errQuota = unix.EDQUOT
)
