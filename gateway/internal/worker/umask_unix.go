//go:build unix

package worker

import "syscall"

// umask is what the gateway's files are made by. There is one in a process, and
// native code may change it: so it is put back before files are made by the
// dozen, and now and then.
type umask int

func currentUmask() umask {
	is := syscall.Umask(0o077)
	syscall.Umask(is)
	return umask(is)
}

func (u umask) putBack() { syscall.Umask(int(u)) }
