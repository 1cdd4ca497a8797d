package abi

import "golang.org/x/sys/unix"

// noexec tells whether nothing on the file's file system may be executed: the
// loader says no more than that it could not map the file.
func noexec(path string) bool {
	var fs unix.Statfs_t
	return unix.Statfs(path, &fs) == nil && fs.Flags&unix.ST_NOEXEC != 0
}
