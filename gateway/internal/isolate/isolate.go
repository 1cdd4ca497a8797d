// Package isolate runs the library of an endpoint in a process that only this
// endpoint uses, so that what native code does to its process costs that
// endpoint's requests in flight and nothing else.
//
//	gateway                                    process of the endpoint
//	Module -- orders, news (socket pair) ------ Main
//	       -- requests, services (abi.Link) ---> abi.Guest -> library
//	       <- what the runtime says of a crash (pipe)
//	       <- flight recorder (shared memory)
//
// Both are the same program. When the process ends, and nobody had ordered that,
// its requests are lost, the next one is started at once, and requests that come
// meanwhile wait for it. It cannot outlive its gateway: the kernel ends it with
// the thread that started it, and it ends itself when the orders do.
//
// How little such a process may do is told by [Limits]. What bounds it is put on
// before there is any of the handler's code in it: it confines itself (files, see
// confine_linux.go) and begins anew, so that all of it is confined; then it bounds
// itself (descriptors, system calls), and only then opens the library.
package isolate

import (
	"errors"
	"log/slog"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
)

// Options of a module. What is not said to have a default is required.
type Options struct {
	Endpoint string
	Config   map[string]string
	Trial    bool // no traffic follows

	Library string // file of the version
	Digest  string // its SHA-256
	Go      bool   // it brings a Go runtime

	Host      abi.Host    // what the handler asks for
	Memory    *abi.Memory // of the gateway's frames
	MaxMemory int64       // bytes lent to requests in blocks, on each side

	Threads  int          // inside native code at a time
	MaxStuck func() int64 // calls past their deadline at which all of them are taken to hang
	Limits   Limits

	Data      string // directory of the gateway, of which the process is to see nothing,
	Instances string // but this folder, for copies of libraries
	Log       *slog.Logger

	// Ended hears of each end that nobody ordered, before the next process
	// starts; but not of one that Start returns as an error. Default: nobody.
	Ended func(Exit)
}

// Limits bound a process. A zero field means no bound of its own.
type Limits struct {
	Memory int64   // bytes, beside what a process has that runs no handler
	CPU    float64 // processors' worth of time
	Files  int     // descriptors; default 256
	Open   bool    // it may do what any process may
}

// Exit is the end of a process that nobody ordered.
type Exit struct {
	Pid      int
	Status   string // as the system tells it: "exit status 2", "signal: killed"
	Output   []byte // the first 64 KiB of what the runtime said of a crash
	Printed  []byte // what was last printed of the reason, by whoever ended the process
	Hung     bool   // it was killed, since calls did not return
	Outside  bool   // it was killed, and neither by the gateway nor for its memory
	Lost     int    // requests
	Recorded abi.Recorded
}

// State is what the process of a module is doing.
type State struct {
	Pid      int // 0 while it is being restarted
	Started  time.Time
	Restarts int64
	Memory   int64    // resident bytes, without those shared with the gateway
	Bounds   []string // what bounds it, and what does not: one sentence each
}

// ErrUnsupported says that this system cannot isolate.
var ErrUnsupported = errors.New("a handler in a process of its own: isolation needs Linux")

func (o *Options) setDefaults() {
	if o.Limits.Files == 0 {
		o.Limits.Files = 256
	}
	if o.Ended == nil {
		o.Ended = func(Exit) {}
	}
}
