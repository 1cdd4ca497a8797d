//go:build !linux || (!amd64 && !arm64)

package abi

var registerNames []string

// RecordFaults does nothing here: what there is to know of a fault, the runtime
// tells.
func (r *Recorder) RecordFaults() error { return nil }
