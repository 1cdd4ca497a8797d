// Package confine runs a program that is not trusted, such as a compiler that
// runs other people's build scripts, so that it and all it starts can reach
// little and use no more than allowed, and so that all of it ends.
//
// This program starts itself again; that child confines itself and becomes the
// parent of the program. What it uses is taken where the system has it and left
// out where not; what was reached is told:
//
//	rlimits           CPU seconds, data, size of a file, open files, no core files
//	watchdog          CPU, memory, disk and number of all processes together
//	no-new-privileges no setuid program helps it
//	no-capabilities   a build by root has none of root's powers over the system
//	landlock          files outside the policy cannot be read or written, and
//	                  processes outside cannot be traced or, from Linux 6.12 on,
//	                  signalled
//	namespaces        processes outside cannot be seen or signalled, hidden
//	                  folders are not there, and nothing outlives the program
//	no-network        there is no network
//	no-tcp            there is one, but no TCP
//
// On Linux that is all of it where namespaces may be made, and all but the last
// three within most containers. Other Unix systems have rlimits. Windows has
// none of it.
package confine

import (
	"errors"
	"fmt"
	"time"
)

// Policy says what a program may reach. Whatever is named in Read and Write
// need not exist.
type Policy struct {
	Read  []string // files and folders it may read and run
	Write []string // and those it may change as well

	// Hide lists folders of which nothing is to be seen but what Read and
	// Write name within them.
	Hide []string

	Network bool

	// Measure lists the folders that Limits.Disk is about.
	Measure []string
	Limits  Limits
}

// Limits bound a program together with all it starts. Zero is no limit.
type Limits struct {
	CPU       time.Duration // of processor time
	Memory    int64         // bytes in use
	Disk      int64         // bytes on disk
	Processes int           // at once
}

// ErrLimit is matched by every [LimitError].
var ErrLimit = errors.New("limit passed")

// LimitError tells that a program was ended because it used more than allowed.
type LimitError struct {
	Limit   string // the field of [Limits], such as "Memory"
	Used    string // for people, such as "2.1 GiB"
	Allowed string
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("its processes were killed: they used %s of %s, and %s is the limit; Limits.%s raises it",
		e.Used, nouns[e.Limit], e.Allowed, e.Limit)
}

func (e *LimitError) Is(target error) bool { return target == ErrLimit }

var nouns = map[string]string{
	"CPU": "processor time", "Memory": "memory", "Disk": "disk space", "Processes": "processes at once",
}

// size of bytes for people.
func size(bytes int64) string {
	const mib = 1 << 20
	if bytes >= 1<<30 {
		return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/mib)
}
