package confine

import (
	"bytes"
	"os"
	"strconv"
)

// process is what /proc tells of one.
type process struct {
	pid, parent int
	ticks       int64 // of processor time, of its own and of children that it has waited for
}

// descendants finds all that a process has started, by way of what these have
// started, whatever group or session they moved to. Orphans count if the
// process is the parent of orphans. Those that have ended do not. One that gets
// another parent while the others are looked at may be missed.
func descendants(pid int) []process {
	children := map[int][]process{}
	for _, p := range processes() {
		children[p.parent] = append(children[p.parent], p)
	}
	var found []process
	for next := []int{pid}; len(next) > 0; next = next[1:] {
		for _, p := range children[next[0]] {
			found = append(found, p)
			next = append(next, p.pid)
		}
	}
	return found
}

func processes() []process {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	var all []process
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			if p, ok := readProcess(pid); ok {
				all = append(all, p)
			}
		}
	}
	return all
}

// readProcess reads /proc/PID/stat: the pid, the name in parentheses, which may
// hold anything, the state, the parent, and further on the times.
func readProcess(pid int) (process, bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return process{}, false
	}
	return parseStat(pid, text)
}

func parseStat(pid int, text []byte) (process, bool) {
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 15 || fields[0][0] == 'Z' || fields[0][0] == 'X' {
		return process{}, false
	}
	p := process{pid: pid}
	var err error
	if p.parent, err = strconv.Atoi(string(fields[1])); err != nil {
		return process{}, false
	}
	for _, field := range fields[11:15] { // utime, stime, cutime, cstime
		ticks, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return process{}, false
		}
		p.ticks += ticks
	}
	return p, true
}
