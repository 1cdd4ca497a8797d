package worker

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// exiting tells whether a process does nothing any more, since it has ended, or
// ends and is being cleared away by the system; and how. That need not be known.
func exiting(pid int) (how syscall.WaitStatus, known, ends bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false, false
	}
	const flags, exitCode, isExiting = 6, 49, 4                     // see proc(5)
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:]) // the name before may have anything in it
	if len(fields) <= exitCode {
		return 0, false, false
	}
	set, err := strconv.ParseUint(string(fields[flags]), 10, 64)
	if err != nil || set&isExiting == 0 {
		return 0, err == nil, false
	}
	code, err := strconv.ParseUint(string(fields[exitCode]), 10, 32)
	return syscall.WaitStatus(code), err == nil, err == nil
}

// statusText is the text that [os.ProcessState] has for it.
func statusText(how syscall.WaitStatus) string {
	if how.Exited() {
		return fmt.Sprintf("exit status %d", how.ExitStatus())
	}
	text := "signal: " + how.Signal().String()
	if how.CoreDump() {
		text += " (core dumped)"
	}
	return text
}
