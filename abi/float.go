//go:build amd64 || arm64

package abi

// putFloatBack has this thread round, and treat exceptions of arithmetic, as
// when it began. A library that changed this has returned on it, and whoever
// uses the thread next relies on the usual: other libraries, and this program,
// which a division would end.
//
// It comes after each call, and not within, so that a trace still tells which
// function was called. Where the scheduler has moved the goroutine in between,
// the other thread is put right after its next call.
func putFloatBack()
