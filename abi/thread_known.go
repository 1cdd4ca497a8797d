//go:build linux && (amd64 || arm64)

package abi

import (
	"os"
	"runtime"
	"strconv"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// CurrentThread is the thread that the caller runs on. A goroutine may be on
// another at any later moment.
func CurrentThread() Thread // in assembly: no other code can read that register

// Threads are the kernel's ids of the process's threads: found by asking for
// each where it keeps its list of robust locks, which lies at the same distance
// from every thread's name. It may miss a thread that starts or ends meanwhile.
func Threads() (map[Thread]int, error) {
	distance := robustDistance()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return nil, err
	}
	ids := make(map[Thread]int, len(tasks))
	for _, task := range tasks {
		id, err := strconv.Atoi(task.Name())
		if err != nil {
			return nil, err
		}
		if head := robustList(id); head != 0 {
			ids[Thread(head-distance)] = id
		}
	}
	return ids, nil
}

var robustDistance = sync.OnceValue(func() uintptr {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return robustList(0) - uintptr(CurrentThread())
})

// robustList is where a thread keeps that list, 0 for the calling one; 0 if it
// has none, as with a C library other than glibc.
func robustList(id int) uintptr {
	var head, size uintptr
	// Sound: the kernel writes two words into variables that outlive the call.
	_, _, errno := unix.RawSyscall(unix.SYS_GET_ROBUST_LIST, uintptr(id),
		uintptr(unsafe.Pointer(&head)), uintptr(unsafe.Pointer(&size)))
	if errno != 0 {
		return 0
	}
	return head
}
