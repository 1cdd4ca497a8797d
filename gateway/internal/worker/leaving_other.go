//go:build !linux

package worker

// leaving says yes where it cannot be told.
func leaving(int) bool { return true }
