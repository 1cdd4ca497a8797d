//go:build !linux

package worker

import "syscall"

// exiting is not to be had here: the end of a process is known when it is over.
func exiting(int) (how syscall.WaitStatus, known, ends bool) { return how, false, false }

func statusText(syscall.WaitStatus) string { return "" }
