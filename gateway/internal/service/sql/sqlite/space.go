//go:build linux || darwin

package sqlite

import (
	"path/filepath"

	"golang.org/x/sys/unix"
)

// full tells whether the disk with the file has no space left: the engine knows
// only that it could not write.
func full(path string) bool {
	var fs unix.Statfs_t
	err := unix.Statfs(filepath.Dir(path), &fs)
	return err == nil && fs.Bavail*uint64(fs.Bsize) < 1<<20
}
