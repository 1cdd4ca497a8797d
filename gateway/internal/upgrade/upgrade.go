// Package upgrade has a process become another program, without giving up what
// it holds: listeners, the lock of the data directory, and worker processes that
// serve meanwhile. The process id stays.
//
// The program before leaves descriptors, and their meaning in the environment. A
// descriptor of its own file is among them: the way back, if the new program does
// not get as far as serving.
package upgrade

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// ErrUnsupported says that a process cannot become another program here.
var ErrUnsupported = errors.New("on this system a running program cannot be replaced: restart it")

// variable has what is left, as JSON.
const variable = "EDGE_GATEWAY_INHERITED"

// Inherited is what a program leaves to the one that its process becomes. Numbers
// are descriptors; 0 is none.
type Inherited struct {
	Upgrade model.Upgrade
	Args    []string
	Timeout time.Duration // for the new program to serve
	Back    int           // file of the program before; 0 for a program that was come back to

	HTTP         []int
	Admin, Local int
	Lock         int
	Workers      []Worker
}

// Worker is a worker process that goes on until it is told to drain.
type Worker struct {
	Pid            int
	Orders         int // it drains when this is closed
	Lines, Printed int
}

func (i *Inherited) descriptors() (all []int) {
	all = append(all, i.HTTP...)
	all = append(all, i.Back, i.Admin, i.Local, i.Lock)
	for _, w := range i.Workers {
		all = append(all, w.Orders, w.Lines, w.Printed)
	}
	kept := all[:0]
	for _, fd := range all {
		if fd > 0 {
			kept = append(kept, fd)
		}
	}
	return kept
}

// Take finds what the program before has left; nil if there was none. It stays
// open, and is not passed to what this process starts, until Settle.
func Take() (*Inherited, error) {
	text, ok := os.LookupEnv(variable)
	if !ok {
		return nil, nil
	}
	_ = os.Unsetenv(variable)
	i := new(Inherited)
	if err := json.Unmarshal([]byte(text), i); err != nil {
		return nil, fmt.Errorf("what the program before has left makes no sense: %w", err)
	}
	for _, fd := range i.descriptors() {
		keep(fd, false)
	}
	return i, nil
}

// Settle gives up what is not needed once the new program serves, and has the
// workers drain. Descriptors were copied for use.
func (i *Inherited) Settle() {
	for _, fd := range i.descriptors() {
		_ = os.NewFile(uintptr(fd), "inherited").Close()
	}
}

// Become has the process become a program. It returns if that fails.
func (i *Inherited) Become(program string, environment []string) error {
	text, err := json.Marshal(i)
	if err != nil {
		return err
	}
	var env []string
	for _, one := range append(os.Environ(), environment...) {
		if !strings.HasPrefix(one, variable+"=") {
			env = append(env, one)
		}
	}
	for _, fd := range i.descriptors() {
		keep(fd, true)
	}
	return become(program, i.Args, append(env, variable+"="+string(text)))
}

// Return has the process become the program before again, which is told why.
func (i *Inherited) Return(reason error, environment []string) error {
	back := *i
	back.Back = 0
	back.Upgrade.State, back.Upgrade.Reason = model.UpgradeUndone, reason.Error()
	return back.Become(fmt.Sprintf("/proc/self/fd/%d", i.Back), environment)
}
