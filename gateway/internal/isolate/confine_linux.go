package isolate

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/landlock-lsm/go-landlock/landlock"
	landlocksys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"

	"github.com/edge-gateway/edge-gateway/gateway/internal/process"
)

// confined takes from this process what no handler has a use for, and has it
// begin anew as one that serves. Only a thread can be confined so, and the
// program that it becomes has no other.
//
// It would be sooner done by the gateway's thread that starts the process, which
// would have what confines that one. But then the two would be alike to the
// kernel: a handler could signal that thread of the gateway, and read its memory.
func confined(s stage) error {
	runtime.LockOSThread()
	path, _, err := process.Program()
	if err != nil {
		return err
	}
	next := stage{Bounds: confineThread(s.Data, s.Instances)}
	return os.NewSyscallError("exec", syscall.Exec(path, os.Args, append(os.Environ(), next.variable())))
}

// confineThread confines the calling thread, for good, and what it becomes, and
// tells in sentences how.
func confineThread(data, instances string) (bounds []string) {
	if unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != nil {
		return []string{"files and privileges: not bounded, since this system does not let the gateway give anything up for good"}
	}
	if dropCapabilities() {
		bounds = append(bounds, "privileges: none")
	} else {
		bounds = append(bounds, "privileges: those of the gateway")
	}
	if err := restrictFiles(data, instances); err != nil {
		return append(bounds, fmt.Sprintf("files: not bounded (Landlock: %v)", err))
	}
	version, err := landlocksys.LandlockGetABIVersion()
	if err == nil && version >= 6 {
		return append(bounds, "files: written nowhere, read everywhere but in the data directory; signals reach no other process")
	}
	return append(bounds, "files: written nowhere, read everywhere but in the data directory")
}

// dropCapabilities leaves the thread, and what it starts, with none.
func dropCapabilities() bool {
	for capability := uintptr(0); capability < 64; capability++ {
		// Where it may not be dropped, no-new-privileges keeps it away.
		if unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0) == unix.EINVAL {
			break // there are no more
		}
	}
	_ = unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	return unix.Capset(&header, &none[0]) == nil
}

// restrictFiles has the thread write no files, and read none in a directory but
// those of a folder in it.
func restrictFiles(data, instances string) error {
	config := landlock.V8       // the later ones are about sockets in the file system
	config.HandledAccessNet = 0 // the network is not files
	rules := []landlock.Rule{
		landlock.RWFiles("/dev/null", "/dev/zero", "/dev/full").IgnoreIfMissing(),
		landlock.RODirs(instances),
	}
	around, err := surroundings(data)
	if err != nil {
		return fmt.Errorf("find what lies beside the data directory: %w", err)
	}
	if program, err := os.Executable(); err == nil {
		around = append(around, program) // wherever it is
	}
	for _, path := range around {
		info, err := os.Lstat(path)
		switch {
		case err != nil, info.Mode()&os.ModeSymlink != 0: // where it leads to has its own rule, or is not to have one
		case info.IsDir():
			rules = append(rules, landlock.RODirs(path).IgnoreIfMissing())
		default:
			rules = append(rules, landlock.ROFiles(path).IgnoreIfMissing())
		}
	}
	fd, flags, err := config.BestEffort().NewRulesetFD(rules...)
	if err != nil {
		return err
	}
	if fd < 0 {
		return errors.ErrUnsupported
	}
	defer unix.Close(fd)
	return landlocksys.LandlockRestrictSelf(fd, flags)
}

// surroundings are all files and folders that together are everything but a
// directory: what lies beside it, and beside each folder above. What is made
// there later is not among them.
func surroundings(dir string) (all []string, err error) {
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	at := "/"
	for _, part := range strings.Split(strings.Trim(dir, "/"), "/") {
		entries, _ := os.ReadDir(at) // what the gateway cannot list, the process does not read
		for _, entry := range entries {
			if entry.Name() != part {
				all = append(all, filepath.Join(at, entry.Name()))
			}
		}
		at = filepath.Join(at, part)
	}
	return all, nil
}
