//go:build linux && (amd64 || arm64)

package goruntime

import (
	"bytes"
	"fmt"
	"os"

	"github.com/ebitengine/purego"
)

// Ready tells whether this process can load Go libraries: nil, or an error
// that is [ErrUnsupported] and says what to do. It depends on how the process
// was started, and on nothing that happened since.
func Ready() error {
	// The loader of another C library refuses what Go's linker makes.
	if _, err := purego.Dlsym(purego.RTLD_DEFAULT, "gnu_get_libc_version"); err != nil {
		return fmt.Errorf("%w: they need glibc, and this process runs on another C library: "+
			"run the gateway on a glibc system, or write the handler in C or Rust", ErrUnsupported)
	}
	tunables, err := startVariable(TunablesVariable)
	if err != nil {
		return fmt.Errorf("%w: read this process's environment: %w", ErrUnsupported, err)
	}
	if !enoughStaticTLS(tunables) {
		return fmt.Errorf("%w: this process was started with too little room for thread-local memory: "+
			"start it with %s=%s in its environment", ErrUnsupported, TunablesVariable, Tunables(tunables))
	}
	return nil
}

// startVariable is an environment variable as it was when the process started:
// what the loader saw, whatever has been set since.
func startVariable(name string) (string, error) {
	environment, err := os.ReadFile("/proc/self/environ")
	if err != nil {
		return "", err
	}
	for variable := range bytes.SplitSeq(environment, []byte{0}) {
		if value, found := bytes.CutPrefix(variable, []byte(name+"=")); found {
			return string(value), nil
		}
	}
	return "", nil
}

// load calls open and puts the host's preemption signal back. It tells whether
// a Go runtime arrived, which a failed open may have left behind: nothing else
// takes that signal while a library loads.
func load(open func() (uintptr, error)) (handle uintptr, arrived bool, err error) {
	host, err := preemptionAction()
	if err != nil {
		return 0, false, fmt.Errorf("save the preemption signal's handler: %w", err)
	}
	handle, err = open()
	now, reading := preemptionAction()
	if reading == nil && now == host {
		return handle, false, err
	}
	// The signal's action was valid a moment ago: the system has no reason to
	// refuse it. Without it no goroutine of the host would be preempted again.
	if failed := setPreemptionAction(host); failed != nil {
		panic(fmt.Sprintf("goruntime: put the preemption signal's handler back: %v", failed))
	}
	if failed := signalEveryThread(); err == nil && failed != nil {
		err = fmt.Errorf("wake threads for preemption: %w", failed)
	}
	return handle, true, err
}
