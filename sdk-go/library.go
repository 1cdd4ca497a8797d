package edge

import (
	"errors"
	"sync"
)

// Library is all that a handler library says of itself.
type Library struct {
	Name    string // default: the last element of the module path
	Version string // free text; default: the module's version
	Handler Handler

	// Init, if set, starts the instance before its first request. An error
	// refuses the instance and is the reason given.
	Init func(*Instance) error

	// Shutdown, if set, ends the instance after its last request was answered.
	// End the goroutines that Init started: nothing of the gateway may be used
	// once it returned.
	Shutdown func(*Instance)
}

// Instance is one load of a library for one endpoint. Each load has package
// variables of its own, so state of an instance may live there. The services
// are for work outside requests, from Init until Shutdown returns.
type Instance struct {
	Endpoint string // its name
	Config   Fields
	Trial    bool // no traffic follows: have no effect outside this process

	Services
}

// Handle makes h the handler of this library. Call it, or [Register], once, in
// an init function of package main.
func Handle(h Handler) { Register(Library{Handler: h}) }

// Register is [Handle] with everything else that a library may say. A second
// call is not a panic, which would end the whole gateway while it loads the
// library: the gateway refuses the instance with that reason instead.
func Register(l Library) {
	registered.Lock()
	defer registered.Unlock()
	switch {
	case registered.count > 0:
		registered.err = errors.New("more than one handler is registered: call edge.Handle or edge.Register once")
	case l.Handler == nil:
		registered.err = errors.New("the registered handler is nil")
	}
	registered.count++
	registered.library = l
}

// Registered is the library that was registered, or what is wrong with it. It
// is for the package export.
func Registered() (Library, error) {
	registered.Lock()
	defer registered.Unlock()
	if registered.count == 0 {
		return Library{}, errors.New("no handler is registered: call edge.Handle in an init function of package main")
	}
	return registered.library, registered.err
}

var registered struct {
	sync.Mutex
	count   int
	library Library
	err     error
}
