//go:build !linux

package abi

// Slow cannot be done here.
func (Thread) Slow(int) error { return ErrNoIdle }

// Restore has nothing to do: nothing is ever slowed down.
func (Thread) Restore() {}

// RestoreStrays has nothing to do.
func RestoreStrays() {}
