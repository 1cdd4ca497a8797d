package isolate

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/edge-gateway/edge-gateway/abi"
)

// boundFirst bounds this process before there is any of the handler's code in
// it, and tells in sentences how.
func boundFirst(l Limits) (bounds []string) {
	_ = limit(unix.RLIMIT_CORE, 0) // a core would be as large as what is shared with the gateway
	if err := limit(unix.RLIMIT_NOFILE, uint64(l.Files)); err != nil {
		bounds = append(bounds, fmt.Sprintf("descriptors: not bounded (%v)", err))
	} else {
		bounds = append(bounds, fmt.Sprintf("descriptors: %d", l.Files))
	}
	if l.Open {
		return append(bounds, "files and system calls: not bounded, by its settings")
	}
	if err := abi.FilterCalls(callFilter()); err != nil {
		return append(bounds, fmt.Sprintf("system calls: not bounded (%v)", err))
	}
	return append(bounds, "system calls: none that start programs or processes, look into others, signal or bound them, or change the system")
}

// boundMemory has allocations fail beyond what this process has now, what its
// threads may still want for their stacks, and what it may have.
func boundMemory(l Limits, threads int) (bounds []string) {
	if l.Memory == 0 {
		return nil
	}
	var stack unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_STACK, &stack) != nil || stack.Cur > 64<<20 {
		stack.Cur = 8 << 20
	}
	most := data() + uint64(l.Memory) + uint64(threads)*stack.Cur
	if err := limit(unix.RLIMIT_DATA, most); err != nil {
		return []string{fmt.Sprintf("allocations: never fail (%v)", err)}
	}
	return []string{fmt.Sprintf("allocations: fail when they reach %s more than at its start", size(l.Memory+int64(uint64(threads)*stack.Cur)))}
}

// limit lowers a limit, never raises it.
func limit(resource int, value uint64) error {
	var now unix.Rlimit
	if err := unix.Getrlimit(resource, &now); err != nil {
		return err
	}
	value = min(value, now.Max)
	return unix.Setrlimit(resource, &unix.Rlimit{Cur: value, Max: value})
}

// data is what counts for RLIMIT_DATA.
func data() uint64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, value, _ := bytes.Cut(status, []byte("\nVmData:"))
	fields := bytes.Fields(value)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.ParseUint(string(fields[0]), 10, 64)
	return kib << 10
}
