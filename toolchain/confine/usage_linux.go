package confine

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// memoryOf is what a process uses of its own, in bytes: not the files that it
// has mapped, which may be shared by many.
func memoryOf(pid int) int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	return parseMemory(text)
}

func parseMemory(status []byte) (bytesUsed int64) {
	for line := range bytes.Lines(status) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch string(name) {
		case "RssAnon", "RssShmem", "VmSwap":
			value, _ := bytes.CutSuffix(bytes.TrimSpace(value), []byte(" kB"))
			if kib, err := strconv.ParseInt(string(value), 10, 64); err == nil {
				bytesUsed += kib << 10
			}
		}
	}
	return bytesUsed
}

// file tells files apart.
type file struct{ device, inode uint64 }

// diskOf is what a folder takes on disk, in bytes. A file of several names
// counts once.
func diskOf(dir string) (used int64) {
	seen := map[file]bool{}
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil // it changes while it is walked
		}
		if info, err := entry.Info(); err == nil {
			used += blocks(info, seen)
		}
		return nil
	})
	return used
}

// unlinkedOf is what files take that have no name any more and are held open,
// files in memory among them.
func unlinkedOf(found []process) (used int64) {
	seen := map[file]bool{}
	for _, p := range found {
		dir := "/proc/" + strconv.Itoa(p.pid) + "/fd/"
		entries, _ := os.ReadDir(dir)
		for _, entry := range entries {
			info, err := os.Stat(dir + entry.Name())
			if err != nil || !info.Mode().IsRegular() {
				continue
			}
			if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Nlink == 0 {
				used += blocks(info, seen)
			}
		}
	}
	return used
}

func blocks(info fs.FileInfo, seen map[file]bool) int64 {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	if stat.Nlink > 1 && !info.IsDir() || stat.Nlink == 0 {
		id := file{uint64(stat.Dev), stat.Ino}
		if seen[id] {
			return 0
		}
		seen[id] = true
	}
	return stat.Blocks * 512
}
