package worker

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// exiting tells how a process ends that does nothing any more, and that the
// system is still clearing away. It has closed the descriptors with low numbers
// by then.
func exiting(pid int) (how syscall.WaitStatus, ok bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	const flags, exitCode, isExiting = 6, 49, 4                     // see proc(5)
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:]) // the name before may have anything in it
	if len(fields) <= exitCode {
		return 0, false
	}
	set, err := strconv.ParseUint(string(fields[flags]), 10, 64)
	if err != nil || set&isExiting == 0 {
		return 0, false
	}
	code, err := strconv.ParseUint(string(fields[exitCode]), 10, 32)
	return syscall.WaitStatus(code), err == nil
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
