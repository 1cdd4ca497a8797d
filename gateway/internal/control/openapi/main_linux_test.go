package openapi_test

import (
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/edge-gateway/edge-gateway/abi"
)

// TestMain gives the process the room that libraries of Go need.
func TestMain(m *testing.M) {
	if name, value, ok := abi.Environment(); !ok && os.Getenv(name) == "" {
		self, err := os.Executable()
		if err == nil {
			err = syscall.Exec(self, os.Args, append(os.Environ(), name+"="+value))
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
