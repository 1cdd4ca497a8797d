package isolate

import (
	"encoding/json"
	"fmt"
	"os"
)

// mark tells a process that it is one of a handler.
const mark = "EDGE_GATEWAY_ISOLATED"

// Main does not return if the process is one of a handler. It has to be the
// first thing in main, and in TestMain of packages that isolate.
func Main() {
	text := os.Getenv(mark)
	if text == "" {
		ready = true
		return
	}
	_ = os.Unsetenv(mark) // it is not for the handler
	var s stage
	err := json.Unmarshal([]byte(text), &s)
	if err == nil && s.Data != "" {
		err = confined(s)
	} else if err == nil {
		err = serve(s.Bounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "edge-gateway handler:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// stage is what a process has to do, in the variable that marks it. One that is
// to be confined has a Data, and becomes one that serves.
type stage struct {
	Data      string   `json:",omitempty"` // directory of which it is to see nothing
	Instances string   `json:",omitempty"` // but this folder
	Bounds    []string `json:",omitempty"` // one sentence each of what confines it
}

// variable is the one of the environment that says so.
func (s stage) variable() string {
	text, _ := json.Marshal(s) // it is made of texts
	return mark + "=" + string(text)
}

// ready tells that Main was called.
var ready bool
