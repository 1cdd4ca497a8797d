//go:build !linux

package trial

func restrain() {}
