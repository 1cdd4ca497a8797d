//go:build linux || darwin

package durable

import (
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Full tells whether the disk with a file has no space left: SQLite knows only
// that it could not write.
func Full(path string) bool {
	var fs unix.Statfs_t
	err := unix.Statfs(filepath.Dir(path), &fs)
	return err == nil && fs.Bavail*uint64(fs.Bsize) < 1<<20
}
