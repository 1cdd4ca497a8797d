package isolate

import (
	"os"

	"golang.org/x/sys/unix"
)

// denied are system calls that no handler has a use for: they fail with EPERM.
var denied = append([]uint32{
	// Programs and processes; a thread is no process, see below.
	unix.SYS_EXECVE, unix.SYS_EXECVEAT,
	// Other processes, and what is theirs.
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PROCESS_MADVISE, unix.SYS_PROCESS_MRELEASE, unix.SYS_KCMP,
	unix.SYS_PIDFD_OPEN, unix.SYS_PIDFD_GETFD, unix.SYS_PIDFD_SEND_SIGNAL, unix.SYS_TKILL, unix.SYS_RT_SIGQUEUEINFO,
	// Memory that outlives the process, or that nobody sees it have.
	unix.SYS_SHMGET, unix.SYS_MSGGET, unix.SYS_SEMGET, unix.SYS_MQ_OPEN, unix.SYS_MEMFD_SECRET,
	// Mounts and namespaces.
	unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_MOVE_MOUNT, unix.SYS_OPEN_TREE, unix.SYS_FSOPEN,
	unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_MOUNT_SETATTR, unix.SYS_SETNS, unix.SYS_UNSHARE,
	// What runs in the kernel, or watches it.
	unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD, unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
	unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD,
	unix.SYS_FANOTIFY_INIT, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_LOOKUP_DCOOKIE, unix.SYS_SYSLOG,
	// Keys of others.
	unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY,
	// The system as a whole.
	unix.SYS_REBOOT, unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_ACCT, unix.SYS_QUOTACTL, unix.SYS_VHANGUP,
	unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_CLOCK_ADJTIME, unix.SYS_ADJTIMEX, unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME,
}, deniedHere...)

// Where the kernel shows a filter what it is about (struct seccomp_data).
const (
	atNumber       = 0
	atArchitecture = 4
	atArgument     = 16 // the low half of the first one, on a little-endian machine; 8 more for each next one
)

// What its program is made of.
const (
	load  = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	equal = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	above = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	bits  = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
	ret   = unix.BPF_RET | unix.BPF_K

	allow   = unix.SECCOMP_RET_ALLOW
	refuse  = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	missing = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
)

// callFilter is the program that decides about each system call. System calls of
// another architecture, such as the 32-bit ones, have other numbers: there are
// none. A process is a clone without CLONE_THREAD; clone3, of which a filter
// cannot see the flags, is not there, so that the C library makes do with clone.
func callFilter() []unix.SockFilter {
	program := []unix.SockFilter{
		{Code: load, K: atArchitecture},
		{Code: equal, K: architecture, Jt: 1},
		{Code: ret, K: missing},
		{Code: load, K: atNumber},
		{Code: above, K: 0x4000_0000, Jf: 1}, // the x32 ones
		{Code: ret, K: missing},
		{Code: equal, K: unix.SYS_CLONE3, Jf: 1},
		{Code: ret, K: missing},
		{Code: equal, K: unix.SYS_CLONE, Jf: 4},
		{Code: load, K: atArgument},
		{Code: bits, K: unix.CLONE_THREAD, Jf: 1},
		{Code: ret, K: allow},
		{Code: ret, K: refuse},
	}
	for _, a := range aims(uint32(os.Getpid())) {
		program = append(program, a.program()...)
	}
	for _, number := range denied {
		program = append(program,
			unix.SockFilter{Code: equal, K: number, Jf: 1},
			unix.SockFilter{Code: ret, K: refuse})
	}
	return append(program, unix.SockFilter{Code: ret, K: allow})
}
