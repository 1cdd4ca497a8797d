package worker

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// leaving tells whether a process has ended, or is about to: what it had open is
// then closed by the system.
func leaving(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	const exiting = 0x4 // PF_EXITING
	_, rest, _ := bytes.Cut(stat, []byte(") "))
	fields := bytes.Fields(rest) // from the state on
	if len(fields) < 7 {
		return true
	}
	flags, err := strconv.ParseUint(string(fields[6]), 10, 64)
	return err != nil || flags&exiting != 0
}
