package isolate

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// memory is how many bytes of memory the process has for itself; 0 if that
// cannot be told. What it shares with the gateway is not its own; what else it
// shares, with others or nobody, is. Files that are not in memory are nobody's:
// they can be read again.
func (c *child) memory() int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.pid()))
	if err != nil {
		return 0
	}
	anonymous, shared := split(status)
	return anonymous + max(shared-c.lent(), c.unmapped())
}

// split takes from the text of a process's status how much it has in memory that
// is of no file, and of files in memory.
func split(status []byte) (anonymous, shared int64) {
	for lines := bufio.NewScanner(bytes.NewReader(status)); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch name {
		case "RssAnon":
			anonymous = kib << 10
		case "RssShmem":
			shared = kib << 10
		}
	}
	return anonymous, shared
}

// sharedFiles are the files in memory that the process has from the gateway.
func (c *child) sharedFiles() (files []os.FileInfo) {
	memory, _ := c.link.Files()
	open := []*os.File{memory}
	if c.recorder != nil {
		open = append(open, c.recorder.File())
	}
	for _, file := range open {
		if info, err := file.Stat(); err == nil { // closed, when the process is gone
			files = append(files, info)
		}
	}
	return files
}

// lent is how much those have of memory. What is more than blocks in use on both
// sides take was not lent: the process has just written there.
func (c *child) lent() (bytes int64) {
	for _, file := range c.sharedFiles() {
		bytes += allocated(file)
	}
	return min(bytes, 2*c.m.opts.MaxMemory+bare)
}

// unmapped is how much there is in other files in memory that the process has
// open: it can write to them without a mapping.
func (c *child) unmapped() (bytes int64) {
	folder := fmt.Sprintf("/proc/%d/fd/", c.pid())
	entries, _ := os.ReadDir(folder)
	seen := c.sharedFiles()
next:
	for _, entry := range entries {
		path := folder + entry.Name()
		if target, _ := os.Readlink(path); !strings.HasPrefix(target, "/memfd:") {
			continue
		}
		file, err := os.Stat(path)
		if err != nil {
			continue
		}
		for _, other := range seen {
			if os.SameFile(file, other) {
				continue next
			}
		}
		seen = append(seen, file)
		bytes += allocated(file)
	}
	return bytes
}

// allocated is what a file takes, without its holes.
func allocated(file os.FileInfo) int64 {
	stat, ok := file.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	const block = 512 // whatever the file system's is
	return stat.Blocks * block
}
