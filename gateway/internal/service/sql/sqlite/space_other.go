//go:build !linux && !darwin

package sqlite

func full(string) bool { return false }
