package gateway

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// threads counts those of the process.
func threads() int64 { return procStatus("\nThreads:") }

// resident is how many bytes of the process are in memory.
func resident() int64 { return procStatus("\nVmRSS:") << 10 }

// usedMemory is how many bytes of the process are in memory, and how many it
// could write to, as the system counts them for [dataLimit]. It is quick.
func usedMemory() (resident, data int64) {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, 0
	}
	fields := bytes.Fields(statm)
	if len(fields) < 6 {
		return 0, 0
	}
	page := int64(os.Getpagesize())
	pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	writable, _ := strconv.ParseInt(string(fields[5]), 10, 64)
	return pages * page, writable * page
}

// dataLimit is RLIMIT_DATA. It bounds what could be written to, and that is much
// more than what is: threads alone have megabytes of stack each. So it follows
// what there is, and leaves room for what may still come.
type dataLimit struct {
	at    int64
	limit syscall.Rlimit
}

// near is by how much the limit may be off: it is not set with each look.
const near = 1 << 20

func (l *dataLimit) set(n int64) error {
	if l.at != 0 && n > l.at-near && n < l.at+near {
		return nil
	}
	if l.at == 0 {
		if err := syscall.Getrlimit(syscall.RLIMIT_DATA, &l.limit); err != nil {
			return os.NewSyscallError("getrlimit", err)
		}
	}
	l.at = n
	l.limit.Cur = min(uint64(n), l.limit.Max)
	return os.NewSyscallError("setrlimit", syscall.Setrlimit(syscall.RLIMIT_DATA, &l.limit))
}

// procStatus reads a number of /proc/self/status; 0 if it is not there.
func procStatus(name string) int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, value, _ := bytes.Cut(status, []byte(name))
	if fields := bytes.Fields(value); len(fields) > 0 {
		n, _ := strconv.ParseInt(string(fields[0]), 10, 64)
		return n
	}
	return 0
}
