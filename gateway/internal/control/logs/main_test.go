package logs

import (
	"os"
	"testing"
)

// child is the variable that makes this test program one of the processes that
// tests start.
const child = "EDGE_GATEWAY_TEST_LOGS_CHILD"

// children are what such a process does with a folder, by name.
var children = map[string]func(dir string){"log": logForEver}

func TestMain(m *testing.M) {
	if do := children[os.Getenv(child)]; do != nil {
		do(os.Args[1])
		return
	}
	os.Exit(m.Run())
}
