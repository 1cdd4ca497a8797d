package dispatch

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// usageOf reads what a thread of this process has had so far.
func usageOf(thread int) (u usage, err error) {
	dir := "/proc/self/task/" + strconv.Itoa(thread)
	status, err := os.ReadFile(dir + "/status")
	if err != nil {
		return u, err
	}
	_, waits, _ := bytes.Cut(status, []byte("\nvoluntary_ctxt_switches:"))
	if _, err := fmt.Fscan(bytes.NewReader(waits), &u.waits); err != nil {
		return u, fmt.Errorf("read %s/status: %w", dir, err)
	}
	schedstat, err := os.ReadFile(dir + "/schedstat")
	if err != nil {
		return u, err
	}
	_, err = fmt.Fscan(bytes.NewReader(schedstat), &u.cpu)
	return u, err
}
