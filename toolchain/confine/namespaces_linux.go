package confine

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// namespacesWork tells whether this process may make namespaces and mount in
// them: it tries, once.
var namespacesWork = sync.OnceValue(func() bool {
	cmd := exec.Command("/proc/self/exe")
	cmd.Dir = "/"
	cmd.Env = []string{variable + "={}"} // no program: only set up
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	useNamespaces(cmd.SysProcAttr, true)
	return cmd.Run() == nil
})

// useNamespaces gives a process its own processes, mounts and IPC, and no
// network if so asked. Who is not root needs a user namespace for that, in
// which it stays who it is.
func useNamespaces(attr *syscall.SysProcAttr, noNetwork bool) {
	attr.Cloneflags = unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWIPC
	if noNetwork {
		attr.Cloneflags |= unix.CLONE_NEWNET
	}
	if uid, gid := os.Geteuid(), os.Getegid(); uid != 0 {
		attr.Cloneflags |= unix.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}}
		attr.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN} // to mount; dropped before the program starts
	}
}

// hide puts empty folders over those of the policy, and into them what the
// policy names within. It is for a process in a mount namespace of its own.
func hide(p Policy) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	for _, dir := range p.Hide {
		if err := hideOne(dir, append(p.Read[:len(p.Read):len(p.Read)], p.Write...)); err != nil {
			return err
		}
	}
	// Its own processes only. Some containers do not allow that; others'
	// secrets are still safe: they cannot be traced.
	_ = unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	return nil
}

func hideOne(dir string, keep []string) error {
	kept := map[string]int{} // held by descriptors while they are covered
	for _, path := range keep {
		if !within(path, dir) {
			continue
		}
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			continue // what is not there needs no hiding; files are not shared so
		}
		fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("open %q: %w", path, err)
		}
		defer unix.Close(fd)
		kept[path] = fd
	}
	if _, err := os.Stat(dir); err != nil {
		return nil
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755,size=64k"); err != nil {
		return fmt.Errorf("hide %q: %w", dir, err)
	}
	for path, fd := range kept {
		if err := os.MkdirAll(path, 0o755); err != nil {
			return fmt.Errorf("show %q: %w", path, err)
		}
		if err := unix.Mount(fmt.Sprintf("/proc/self/fd/%d", fd), path, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return fmt.Errorf("show %q: %w", path, err)
		}
	}
	return nil
}

// within tells whether path is dir or lies in it.
func within(path, dir string) bool {
	relative, err := filepath.Rel(dir, path)
	return err == nil && relative != ".." && !strings.HasPrefix(relative, "../")
}

// limitTasks bounds processes and threads within the namespaces, so that who
// forks for ever cannot outrun the watchdog. In a user namespace the kernel
// counts those of the namespace; root is never bound so, but from Linux 6.14 on
// a PID namespace has a highest PID of its own. Before, there is one for the
// whole system, which must stay as it is.
func limitTasks(processes int) {
	const threads = 8 // of a process, on average
	const lowest = 301
	tasks := max(lowest, threads*processes)
	if os.Getuid() != 0 {
		setLimit(unix.RLIMIT_NPROC, uint64(tasks))
	}
	var name unix.Utsname
	var major, minor int
	if unix.Uname(&name) != nil {
		return
	}
	_, err := fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &major, &minor)
	if err == nil && (major > 6 || major == 6 && minor >= 14) && ownProc() {
		_ = os.WriteFile("/proc/sys/kernel/pid_max", []byte(strconv.Itoa(tasks)), 0)
	}
}

// ownProc tells whether /proc shows this PID namespace.
func ownProc() bool {
	self, err := os.Readlink("/proc/self")
	return err == nil && self == "1" && os.Getpid() == 1
}
