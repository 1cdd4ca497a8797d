//go:build !(linux && (amd64 || arm64))

package goruntime

import (
	"fmt"
	"runtime"
)

// Ready tells whether this process can load Go libraries. On this system it
// cannot: the error is [ErrUnsupported].
func Ready() error {
	return fmt.Errorf("%w: they need linux with glibc on amd64 or arm64, and this is %s/%s: "+
		"write the handler in C or Rust, or run the gateway there", ErrUnsupported, runtime.GOOS, runtime.GOARCH)
}

func load(func() (uintptr, error)) (handle uintptr, arrived bool, err error) {
	return 0, false, Ready()
}
