//go:build !linux

package upgrade

import (
	"os"
	"syscall"
)

// Supported tells whether a process can become another program here.
const Supported = false

func keep(int, bool)                          {}
func become(string, []string, []string) error { return ErrUnsupported }
func Copy(syscall.Conn) (int, error)          { return 0, ErrUnsupported }
func Duplicate(int, string) (*os.File, error) { return nil, ErrUnsupported }
func Running() (int, error)                   { return 0, ErrUnsupported }
