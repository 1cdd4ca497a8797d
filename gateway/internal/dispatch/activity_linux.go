package dispatch

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// activityOf looks at a thread of this process.
func activityOf(thread int) (a activity, err error) {
	name := "/proc/self/task/" + strconv.Itoa(thread) + "/status"
	status, err := os.ReadFile(name)
	if err != nil {
		return a, err
	}
	_, state, _ := bytes.Cut(status, []byte("\nState:"))
	a.ready = bytes.HasPrefix(bytes.TrimLeft(state, " \t"), []byte("R"))
	_, waits, _ := bytes.Cut(status, []byte("\nvoluntary_ctxt_switches:"))
	waits, _, _ = bytes.Cut(waits, []byte("\n"))
	if a.waits, err = strconv.ParseInt(string(bytes.TrimSpace(waits)), 10, 64); err != nil {
		return a, fmt.Errorf("read %s: %w", name, err)
	}
	return a, nil
}
