//go:build !linux

package gateway

// threads and resident are not told here.
func threads() int64  { return 0 }
func resident() int64 { return 0 }
