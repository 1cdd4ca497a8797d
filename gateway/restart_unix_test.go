//go:build unix

package gateway_test

import (
	"os"
	"syscall"
)

func execAgain(setting string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return syscall.Exec(self, os.Args, append(os.Environ(), setting))
}
