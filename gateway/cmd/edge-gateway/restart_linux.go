package main

import (
	"fmt"
	"os"
	"syscall"

	"github.com/edge-gateway/edge-gateway/abi"
)

// restartForGo executes the program again, once, with the loader setting that
// Go handlers need. The process id stays.
func restartForGo() error {
	const mark = "EDGE_GATEWAY_RESTARTED"
	name, value, ok := abi.Environment()
	if ok || os.Getenv(mark) != "" {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the program's own file: %w", err)
	}
	return syscall.Exec(self, os.Args, append(os.Environ(), name+"="+value, mark+"=1"))
}
