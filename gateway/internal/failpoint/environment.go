package failpoint

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// Variable of the environment that has the process killed: "STEP", or "STEP:N"
// for the Nth time that the step is reached. With "STEP@FILE" or "STEP:N@FILE"
// only the times count at which there is such a file: whoever makes it chooses
// the moment.
const Variable = "EDGE_GATEWAY_FAILPOINT"

func init() {
	text := os.Getenv(Variable)
	if text == "" {
		return
	}
	step, n, file, err := parse(text)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", Variable, err)
		os.Exit(2)
	}
	var reached atomic.Int64
	hook = func(at, _ string) {
		if at == step && isThere(file) && reached.Add(1) == n {
			die()
		}
	}
}

func parse(text string) (step string, n int64, file string, err error) {
	text, file, _ = strings.Cut(text, "@")
	step, count, counted := strings.Cut(text, ":")
	if !slices.Contains(slices.Concat(Control, Change, Mail), step) {
		return "", 0, "", fmt.Errorf("there is no step %q", step)
	}
	n = 1
	if counted {
		if n, err = strconv.ParseInt(count, 10, 64); err != nil || n < 1 {
			return "", 0, "", fmt.Errorf("%q is not how many times a step is reached", count)
		}
	}
	return step, n, file, nil
}

func isThere(file string) bool {
	if file == "" {
		return true
	}
	_, err := os.Stat(file)
	return err == nil
}

// die ends the process as a kill from outside does: nothing is run any more,
// not what was deferred either.
func die() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		os.Exit(137)
	}
	select {}
}
