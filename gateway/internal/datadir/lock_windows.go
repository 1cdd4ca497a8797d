package datadir

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

var errBusy = errors.New("locked")

// lock ends with the process, however it ends. It covers a byte far behind the
// file's end, so that others can still read who holds it.
func lock(f *os.File) error {
	at := &windows.Overlapped{OffsetHigh: 1}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return errBusy
	}
	return err
}

// syncDir does nothing: directories cannot be flushed here.
func syncDir(string) error { return nil }
