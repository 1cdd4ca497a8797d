package abi

import (
	"os"

	"github.com/edge-gateway/edge-gateway/abi/internal/goruntime"
)

// Environment is the setting that the system's loader must have been started
// with so that Go libraries can be loaded. A program that is to load some, and
// finds ok false, executes itself again with it before it does anything else.
func Environment() (name, value string, ok bool) {
	current := os.Getenv(goruntime.TunablesVariable)
	value = goruntime.Tunables(current)
	return goruntime.TunablesVariable, value, value == current
}
