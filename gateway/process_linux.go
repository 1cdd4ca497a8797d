package gateway

import (
	"bytes"
	"os"
	"strconv"
)

// threads counts those of the process.
func threads() int64 { return procStatus("\nThreads:") }

// resident is how many bytes of the process are in memory.
func resident() int64 { return procStatus("\nVmRSS:") << 10 }

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
