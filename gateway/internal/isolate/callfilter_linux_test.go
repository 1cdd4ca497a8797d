package isolate

import (
	"encoding/binary"
	"os"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// What the filter says is the same with and without Landlock, which refuses
// some of it too where it is there.
func TestACallPassesThatIsAimedAtItsOwnProcess(t *testing.T) {
	var raw []bpf.RawInstruction
	for _, i := range callFilter() {
		raw = append(raw, bpf.RawInstruction{Op: i.Code, Jt: i.Jt, Jf: i.Jf, K: i.K})
	}
	program, ok := bpf.Disassemble(raw)
	if !ok {
		t.Fatal("there are instructions that nobody knows")
	}
	vm, err := bpf.NewVM(program)
	if err != nil {
		t.Fatal(err)
	}
	self, other := uint32(os.Getpid()), uint32(os.Getppid())
	const all = ^uint32(0) // -1
	for _, test := range []struct {
		name          string
		call          uint32
		first, second uint32
		want          uint32
	}{
		{"read", unix.SYS_READ, 0, 0, allow},
		{"execve", unix.SYS_EXECVE, 0, 0, refuse},
		{"clone of a thread", unix.SYS_CLONE, unix.CLONE_THREAD, 0, allow},
		{"clone of a process", unix.SYS_CLONE, 0, 0, refuse},
		{"clone3", unix.SYS_CLONE3, 0, 0, missing},
		{"kill itself", unix.SYS_KILL, self, 9, allow},
		{"kill another", unix.SYS_KILL, other, 9, refuse},
		{"kill a group", unix.SYS_KILL, -other, 9, refuse},
		{"kill its group", unix.SYS_KILL, 0, 9, refuse},
		{"kill all", unix.SYS_KILL, all, 9, refuse},
		{"tgkill a thread of itself", unix.SYS_TGKILL, self, 77, allow},
		{"tgkill one of another", unix.SYS_TGKILL, other, other, refuse},
		{"tkill", unix.SYS_TKILL, other, 9, refuse},
		{"rt_sigqueueinfo", unix.SYS_RT_SIGQUEUEINFO, other, 9, refuse},
		{"rt_tgsigqueueinfo to itself", unix.SYS_RT_TGSIGQUEUEINFO, self, 77, allow},
		{"rt_tgsigqueueinfo to another", unix.SYS_RT_TGSIGQUEUEINFO, other, other, refuse},
		{"pidfd_open", unix.SYS_PIDFD_OPEN, other, 0, refuse},
		{"pidfd_send_signal", unix.SYS_PIDFD_SEND_SIGNAL, 5, 9, refuse},
		{"prlimit64 of itself", unix.SYS_PRLIMIT64, 0, 0, allow},
		{"prlimit64 of its number", unix.SYS_PRLIMIT64, self, 0, allow},
		{"prlimit64 of another", unix.SYS_PRLIMIT64, other, 0, refuse},
		{"sched_setaffinity of another", unix.SYS_SCHED_SETAFFINITY, other, 8, refuse},
		{"sched_setscheduler of another", unix.SYS_SCHED_SETSCHEDULER, other, 0, refuse},
		{"sched_setattr of another", unix.SYS_SCHED_SETATTR, other, 0, refuse},
		{"sched_setparam of another", unix.SYS_SCHED_SETPARAM, other, 0, refuse},
		{"sched_getaffinity of another", unix.SYS_SCHED_GETAFFINITY, other, 8, allow},
		{"setpriority of itself", unix.SYS_SETPRIORITY, unix.PRIO_PROCESS, 0, allow},
		{"setpriority of another", unix.SYS_SETPRIORITY, unix.PRIO_PROCESS, other, refuse},
		{"setpriority of a user", unix.SYS_SETPRIORITY, unix.PRIO_USER, 0, refuse},
		{"ioprio_set of itself", unix.SYS_IOPRIO_SET, 1, self, allow},
		{"ioprio_set of another", unix.SYS_IOPRIO_SET, 1, other, refuse},
		{"ioprio_set of a user", unix.SYS_IOPRIO_SET, 3, 0, refuse},
		{"fcntl", unix.SYS_FCNTL, 0, unix.F_GETFL, allow},
		{"fcntl that has another signalled", unix.SYS_FCNTL, 0, unix.F_SETOWN, refuse},
		{"ioctl", unix.SYS_IOCTL, 0, unix.TCGETS, allow},
		{"ioctl that has another signalled", unix.SYS_IOCTL, 0, unix.SIOCSPGRP, refuse},
	} {
		got, err := vm.Run(seccompData(test.call, test.first, test.second))
		if err != nil || uint32(got) != test.want {
			t.Errorf("%s: %#x, %v, want %#x", test.name, got, err, test.want)
		}
	}
}

// seccompData is the struct seccomp_data of a call, with its words as the machine of
// these tests has them: the other way round than a kernel.
func seccompData(call, first, second uint32) []byte {
	b := make([]byte, 64)
	for at, value := range map[int]uint32{atNumber: call, atArchitecture: architecture, atArgument: first, atArgument + 8: second} {
		binary.BigEndian.PutUint32(b[at:], value)
	}
	return b
}
