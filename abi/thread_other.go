//go:build !(linux && (amd64 || arm64))

package abi

// CurrentThread has no answer here.
func CurrentThread() Thread { return 0 }

// ID has no answer here.
func (Thread) ID() (int, error) { return 0, ErrThread }
