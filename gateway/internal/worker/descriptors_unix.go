//go:build unix

package worker

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// descriptors are those without which a worker is of no use. A handler that
// closes one of them, by mistake for one of its own, takes away what the
// goroutine that waits for it will never hear of, and gives its number to the
// next file or connection.
type descriptors []descriptor

type descriptor struct {
	name string
	fd   int
	is   unix.Stat_t
}

// add takes note of what a descriptor is now.
func (d *descriptors) add(name string, fd int) error {
	one := descriptor{name: name, fd: fd}
	if err := unix.Fstat(fd, &one.is); err != nil {
		return os.NewSyscallError("fstat "+name, err)
	}
	*d = append(*d, one)
	return nil
}

// lost tells of one that is not what it was.
func (d descriptors) lost() error {
	for _, one := range d {
		var is unix.Stat_t
		if err := unix.Fstat(one.fd, &is); err != nil || is.Dev != one.is.Dev || is.Ino != one.is.Ino {
			return fmt.Errorf("native code has closed descriptor %d, which was the gateway's: %s", one.fd, one.name)
		}
	}
	return nil
}
