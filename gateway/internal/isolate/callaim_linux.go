package isolate

import "golang.org/x/sys/unix"

// aim is a system call that can be aimed at another process of the same user,
// such as the gateway's: to end it, to bound it, or to have it wait. What Go's
// runtime and the C library do to their own process passes.
//
// A filter does not know the threads of its process, only the process: what is
// aimed at one of its threads by number (pthread_setaffinity_np,
// pthread_setschedparam, setpriority) fails with EPERM, but for the calling
// thread as 0, and for the first one, whose number is the process's. There is no
// tkill, of which pthread_kill of musl is made; raise of glibc, and Go's
// runtime, use tgkill.
type aim struct {
	call      uint32
	arguments []argument
}

// argument is one that has to have one of these values, or, refused, none of
// them. The kernel takes 32 bits of each of these, and so does the filter.
type argument struct {
	number  uint32 // from 0 on
	values  []uint32
	refused bool
}

// aims are those calls, in the process pid.
func aims(pid uint32) (all []aim) {
	for _, call := range []uint32{unix.SYS_KILL, unix.SYS_TGKILL, unix.SYS_RT_TGSIGQUEUEINFO} {
		// Not 0: a process can change to the group of another.
		all = append(all, aim{call, []argument{{number: 0, values: []uint32{pid}}}})
	}
	for _, call := range []uint32{
		unix.SYS_PRLIMIT64, unix.SYS_SCHED_SETAFFINITY, unix.SYS_SCHED_SETSCHEDULER, unix.SYS_SCHED_SETATTR, unix.SYS_SCHED_SETPARAM,
	} {
		all = append(all, aim{call, []argument{{number: 0, values: []uint32{0, pid}}}})
	}
	const ioprioProcess, fiosetown = 1, 0x8901
	return append(all,
		aim{unix.SYS_SETPRIORITY, []argument{{number: 0, values: []uint32{unix.PRIO_PROCESS}}, {number: 1, values: []uint32{0, pid}}}},
		aim{unix.SYS_IOPRIO_SET, []argument{{number: 0, values: []uint32{ioprioProcess}}, {number: 1, values: []uint32{0, pid}}}},
		// Who is sent a signal when a descriptor is ready, and F_SETSIG chooses which.
		aim{unix.SYS_FCNTL, []argument{{number: 1, values: []uint32{unix.F_SETOWN, unix.F_SETOWN_EX}, refused: true}}},
		aim{unix.SYS_IOCTL, []argument{{number: 1, values: []uint32{fiosetown, unix.SIOCSPGRP}, refused: true}}},
	)
}

// program decides about the call, if it is this one.
func (a aim) program() []unix.SockFilter {
	var body []unix.SockFilter
	for _, arg := range a.arguments {
		body = append(body, unix.SockFilter{Code: load, K: atArgument + 8*arg.number})
		rest := uint8(len(arg.values))
		if !arg.refused {
			for _, value := range arg.values {
				body = append(body, unix.SockFilter{Code: equal, K: value, Jt: rest})
				rest--
			}
			body = append(body, unix.SockFilter{Code: ret, K: refuse})
			continue
		}
		for _, value := range arg.values {
			body = append(body, unix.SockFilter{Code: equal, K: value, Jf: 1}, unix.SockFilter{Code: ret, K: refuse})
		}
	}
	body = append(body, unix.SockFilter{Code: ret, K: allow})
	return append([]unix.SockFilter{{Code: equal, K: a.call, Jf: uint8(len(body))}}, body...)
}
