package trial

import (
	"os"

	"golang.org/x/sys/unix"
)

// restrain makes a crash leave no memory image behind, and the child the first
// to go should the machine run out of memory.
func restrain() {
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
}
