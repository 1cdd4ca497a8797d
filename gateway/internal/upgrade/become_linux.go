package upgrade

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// Supported tells whether a process can become another program here.
const Supported = true

// keep has a descriptor outlive that this process becomes another program, or
// starts one, or not.
func keep(fd int, is bool) {
	flags := unix.FD_CLOEXEC
	if is {
		flags = 0
	}
	_, _ = unix.FcntlInt(uintptr(fd), unix.F_SETFD, flags)
}

func become(program string, args, env []string) error {
	signal.Ignore(syscall.SIGHUP) // which would end the new program before it asks for it
	return &os.PathError{Op: "execute", Path: program, Err: syscall.Exec(program, args, env)}
}

// Copy is a descriptor of the same open file, which does not wait if the other
// does not.
func Copy(of syscall.Conn) (fd int, err error) {
	raw, err := of.SyscallConn()
	if err != nil {
		return 0, err
	}
	var failed error
	if err := raw.Control(func(from uintptr) { fd, failed = unix.FcntlInt(from, unix.F_DUPFD_CLOEXEC, 3) }); err != nil {
		return 0, err
	}
	return fd, os.NewSyscallError("copy a descriptor", failed)
}

// Duplicate is a file of an inherited descriptor, which stays.
func Duplicate(fd int, name string) (*os.File, error) {
	copied, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, os.NewSyscallError("copy "+name, err)
	}
	return os.NewFile(uintptr(copied), name), nil
}

// Running is the file of the program that runs, even if its name now leads to
// another one.
func Running() (fd int, err error) {
	fd, err = unix.Open("/proc/self/exe", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	return fd, os.NewSyscallError("open the program's own file", err)
}
