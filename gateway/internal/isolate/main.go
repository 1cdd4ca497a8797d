package isolate

import (
	"fmt"
	"os"
)

// mark tells a process that it is one of a handler.
const mark = "EDGE_GATEWAY_ISOLATED"

// Main does not return if the process is one of a handler. It has to be the
// first thing in main, and in TestMain of packages that isolate.
func Main() {
	if os.Getenv(mark) == "" {
		ready = true
		return
	}
	_ = os.Unsetenv(mark) // it is not for the handler
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "edge-gateway handler:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// ready tells that Main was called.
var ready bool
