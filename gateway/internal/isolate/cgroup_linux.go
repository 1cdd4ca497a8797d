package isolate

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// group is a control group (version 2) with one process, and what that starts.
type group struct{ dir *os.File }

// tasksMost is how many threads and processes there may be in a group.
const tasksMost = 1024

// newGroup makes a group for a process with these limits, and tells in sentences
// what it bounds, and what is not bounded for want of one; nil without one.
func newGroup(l Limits) (g *group, bounds []string) {
	parent, err := divided()
	var settings []setting
	if err == nil {
		settings, bounds, err = settingsIn(parent, l)
	}
	if err == nil {
		if g, err = makeGroup(parent, settings); err == nil {
			return g, bounds
		}
	}
	bounds = nil
	if l.Memory > 0 {
		bounds = append(bounds, fmt.Sprintf("memory: %s, looked at five times a second, since %v", size(l.Memory), err))
	}
	if l.CPU > 0 {
		bounds = append(bounds, fmt.Sprintf("processor time: not bounded, since %v", err))
	}
	return nil, bounds
}

// setting is a file of a group and what is written to it.
type setting struct{ file, value string }

const period = 100 * time.Millisecond

// settingsIn are those that the groups of a parent can have.
func settingsIn(parent string, l Limits) (all []setting, bounds []string, err error) {
	text, err := os.ReadFile(filepath.Join(parent, "cgroup.subtree_control"))
	if err != nil {
		return nil, nil, err
	}
	there := strings.Fields(string(text))
	has := func(controller string) bool { return slices.Contains(there, controller) }
	if l.Memory > 0 && !has("memory") || l.CPU > 0 && !has("cpu") {
		return nil, nil, errors.New("the gateway's control group has no controllers for it")
	}
	if l.Memory > 0 {
		all = append(all, setting{"memory.max", strconv.FormatInt(l.Memory+bare, 10)}, setting{"memory.swap.max", "0"}, setting{"memory.oom.group", "1"})
		bounds = append(bounds, fmt.Sprintf("memory: %s; more ends it (control group)", size(l.Memory)))
	}
	if l.CPU > 0 {
		all = append(all, setting{"cpu.max", fmt.Sprintf("%d %d", int64(l.CPU*float64(period.Microseconds())), period.Microseconds())})
		bounds = append(bounds, fmt.Sprintf("processor time: that of %v processors (control group)", l.CPU))
	}
	if has("pids") {
		all = append(all, setting{"pids.max", strconv.Itoa(tasksMost)})
		bounds = append(bounds, fmt.Sprintf("threads: %d (control group)", tasksMost))
	}
	if len(all) == 0 {
		return nil, nil, errors.New("there is nothing to set")
	}
	return all, bounds, nil
}

var groups atomic.Uint64 // made so far

func makeGroup(parent string, settings []setting) (*group, error) {
	path := filepath.Join(parent, fmt.Sprintf("handler-%d-%d", os.Getpid(), groups.Add(1)))
	if err := os.Mkdir(path, 0o755); err != nil {
		return nil, err
	}
	for _, s := range settings {
		err := os.WriteFile(filepath.Join(path, s.file), []byte(s.value), 0o644)
		if err != nil && !(errors.Is(err, os.ErrNotExist) && s.file != "memory.max") { // without swap there is no file for it
			return nil, errors.Join(err, os.Remove(path))
		}
	}
	dir, err := os.Open(path)
	if err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	return &group{dir}, nil
}

// ranOut tells whether the kernel has killed in the group for want of memory.
func (g *group) ranOut() bool {
	if g == nil {
		return false
	}
	events, err := os.ReadFile(filepath.Join(g.dir.Name(), "memory.events"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(events)) {
		if killed, ok := strings.CutPrefix(line, "oom_kill "); ok {
			return strings.TrimSpace(killed) != "0"
		}
	}
	return false
}

// remove ends what is left in the group, and the group.
func (g *group) remove() {
	if g == nil {
		return
	}
	path := g.dir.Name()
	_ = g.dir.Close()
	_ = os.WriteFile(filepath.Join(path, "cgroup.kill"), []byte("1"), 0o644)
	for range 100 { // what was killed is there for a moment
		if err := os.Remove(path); !errors.Is(err, unix.EBUSY) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// divided is the folder of the control group in which groups for handlers can
// be made: the gateway's own, if that was left to it, or the one above. A group
// that is divided has no processes of its own, so the gateway, and what else
// there is, moves into one of the groups first.
var divided = sync.OnceValues(func() (string, error) {
	own, root, err := ownGroup()
	if err != nil {
		return "", err
	}
	if parent := filepath.Dir(own); own != root && filepath.Base(own) == gatewayGroup && delegated(parent, root) {
		return parent, enable(parent)
	}
	if !delegated(own, root) {
		return "", errors.New("the gateway's control group is not its own to divide (Delegate=yes of systemd makes it so)")
	}
	if _, err := os.Stat(filepath.Join(own, "cgroup.type")); err != nil {
		return own, enable(own) // of the whole system: it may have both
	}
	if err := moveDown(own); err != nil {
		return "", err
	}
	return own, enable(own)
})

// gatewayGroup is the part of a divided group that the gateway itself is in.
const gatewayGroup = "gateway"

var errNoGroups = errors.New("there are no control groups of version 2")

// ownGroup is the folder of the group that this process is in, and of the
// highest that it sees.
func ownGroup() (own, root string, err error) {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", "", errNoGroups
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", "", errNoGroups
	}
	return groupIn(string(text), string(mounts))
}

// groupIn finds them in the texts of the system.
func groupIn(cgroup, mounts string) (own, root string, err error) {
	path := ""
	for line := range strings.Lines(cgroup) {
		if after, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "0::"); ok {
			path = after
		}
	}
	lines := bufio.NewScanner(strings.NewReader(mounts))
	for lines.Scan() {
		// id parent device root mountpoint options optional... - type source options
		before, after, _ := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(before)
		if len(fields) < 6 || !strings.HasPrefix(after, "cgroup2 ") || path == "" {
			continue
		}
		relative, err := filepath.Rel(fields[3], path)
		if err != nil || relative == ".." || strings.HasPrefix(relative, "../") {
			continue
		}
		return filepath.Join(fields[4], relative), fields[4], nil
	}
	return "", "", errNoGroups
}

// delegated tells whether a group was left to whoever is in it: by systemd, or
// since it is all that a container has.
func delegated(path, root string) bool {
	if path == root {
		return true
	}
	for _, name := range []string{"user.delegate", "trusted.delegate"} {
		value := make([]byte, 8)
		if n, err := unix.Getxattr(path, name, value); err == nil && string(value[:n]) == "1" {
			return true
		}
	}
	return false
}

// moveDown moves all processes of a group into the gateway's part of it.
func moveDown(own string) error {
	part := filepath.Join(own, gatewayGroup)
	if err := os.Mkdir(part, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	for range 100 { // others may start processes meanwhile
		text, err := os.ReadFile(filepath.Join(own, "cgroup.procs"))
		if err != nil || len(text) == 0 {
			return err
		}
		for _, pid := range strings.Fields(string(text)) {
			err := os.WriteFile(filepath.Join(part, "cgroup.procs"), []byte(pid), 0o644)
			if err != nil && !errors.Is(err, unix.ESRCH) {
				return err
			}
		}
	}
	return errors.New("the gateway's control group does not become empty")
}

// enable lets the groups in one bound what they can: those controllers that are
// there.
func enable(path string) error {
	text, err := os.ReadFile(filepath.Join(path, "cgroup.controllers"))
	if err != nil {
		return err
	}
	there := strings.Fields(string(text))
	for _, controller := range []string{"memory", "cpu", "pids"} {
		if slices.Contains(there, controller) {
			if err := os.WriteFile(filepath.Join(path, "cgroup.subtree_control"), []byte("+"+controller), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// size of bytes for people.
func size(bytes int64) string {
	const mib = 1 << 20
	if bytes >= mib {
		return fmt.Sprintf("%.6g MiB", float64(bytes)/mib)
	}
	return fmt.Sprintf("%d bytes", bytes)
}
