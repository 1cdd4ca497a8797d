package abi

import (
	"os"

	"golang.org/x/sys/unix"
)

// sharedFile makes a file of that size in memory, which no process can make
// shorter: who reads from a mapping of what is not there any more gets killed.
func sharedFile(name string, size int64) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	file := os.NewFile(uintptr(fd), name)
	err = file.Truncate(size)
	if err == nil {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// mapShared maps the beginning of a file. The result is not Go memory.
func mapShared(file *os.File, size int) (memory []byte, err error) {
	conn, err := file.SyscallConn()
	if err != nil {
		return nil, err
	}
	failed := conn.Control(func(fd uintptr) {
		memory, err = unix.Mmap(int(fd), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	})
	if failed != nil {
		return nil, failed
	}
	return memory, err
}

func unmap(memory []byte) error { return unix.Munmap(memory) }
