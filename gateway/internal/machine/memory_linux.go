package machine

import (
	"bytes"
	"os"
	"path"
	"strconv"
	"strings"
)

// Memory is how many bytes of memory this process and its like may have: those
// of the machine, or of the control group that it is in. 0 if that cannot be
// found out.
func Memory() int64 { return memory("/proc", "/sys/fs/cgroup") }

func memory(proc, groups string) int64 {
	total := installed(proc + "/meminfo")
	list, _ := os.ReadFile(proc + "/self/cgroup")
	for line := range strings.Lines(string(list)) {
		id, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, ok := strings.Cut(rest, ":")
		switch {
		case !ok:
		case id == "0":
			total = least(total, groups, group, "memory.max")
		case controllers == "memory":
			total = least(total, groups+"/memory", group, "memory.limit_in_bytes")
		}
	}
	return total
}

// least is the least of most and the bounds of a group and of those that it is
// part of.
func least(most int64, root, group, name string) int64 {
	for at := path.Clean("/" + group); ; at = path.Dir(at) {
		// "max" is no number. A container may not see the groups around it.
		if text, err := os.ReadFile(path.Join(root, at, name)); err == nil {
			if n, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64); err == nil && n > 0 && (most == 0 || n < most) {
				most = n
			}
		}
		if at == "/" {
			return most
		}
	}
}

func installed(meminfo string) int64 {
	text, _ := os.ReadFile(meminfo)
	_, value, _ := bytes.Cut(text, []byte("MemTotal:"))
	if fields := bytes.Fields(value); len(fields) > 0 {
		n, _ := strconv.ParseInt(string(fields[0]), 10, 64)
		return n << 10
	}
	return 0
}
