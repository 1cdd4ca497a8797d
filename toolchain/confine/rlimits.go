//go:build linux || darwin

package confine

import (
	"time"

	"golang.org/x/sys/unix"
)

// Limits here go beyond the watchdog's, twice as far in bytes, so that it is
// first and can tell which was passed; these stop what is too fast for it, one
// process each.
const (
	slackCPU  = 10 * time.Second
	openFiles = 4096
)

// setLimits bounds this process and all that it will start, and tells whether
// the system took all of the limits.
func setLimits(l Limits) bool {
	all := setLimit(unix.RLIMIT_CORE, 0) && setLimit(unix.RLIMIT_NOFILE, openFiles)
	if l.CPU > 0 {
		all = setLimit(unix.RLIMIT_CPU, uint64((l.CPU+slackCPU)/time.Second)) && all
	}
	if l.Disk > 0 {
		all = setLimit(unix.RLIMIT_FSIZE, 2*uint64(l.Disk)) && all
	}
	if l.Memory > 0 {
		// What is reserved and not used counts here too: twice as much.
		all = setLimit(unix.RLIMIT_DATA, 2*uint64(l.Memory)) && all
	}
	return all
}

// setLimit lowers a limit, never raises it.
func setLimit(resource int, value uint64) bool {
	var now unix.Rlimit
	if unix.Getrlimit(resource, &now) != nil {
		return false
	}
	value = min(value, now.Max)
	return unix.Setrlimit(resource, &unix.Rlimit{Cur: value, Max: value}) == nil
}
