//go:build unix

package disk

import (
	"io/fs"
	"syscall"
)

// identity tells files apart.
type identity struct{ device, inode uint64 }

// Add counts a file.
func (m *Meter) Add(info fs.FileInfo) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return
	}
	if stat.Nlink != 1 && !info.IsDir() {
		id := identity{uint64(stat.Dev), uint64(stat.Ino)}
		if m.seen[id] {
			return
		}
		if m.seen == nil {
			m.seen = map[identity]bool{}
		}
		m.seen[id] = true
	}
	m.Used += stat.Blocks * 512
}

// Unlinked tells whether an open file has no name any more.
func Unlinked(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Nlink == 0
}
