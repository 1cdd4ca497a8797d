//go:build !(linux && (amd64 || arm64))

package abi

// CurrentThread has no answer here.
func CurrentThread() Thread { return 0 }

// Threads has no answer here.
func Threads() (map[Thread]int, error) { return nil, ErrNoIdle }
