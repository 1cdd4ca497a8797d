// Package worker runs a gateway in a process of its own, so that native code
// which ends its process does not end the one that has the sockets, the state
// and the admin API.
//
//	control process                            worker process
//	Supervisor -- orders, news (socket pair) -- Main -> gateway.Gateway
//	           <- log lines (pipe) ------------
//	           <- what the runtime says of a crash (pipe)
//	listener   -- inherited ------------------- accepts
//
// Control has the listeners open and never accepts: connections that come while
// there is no worker wait in the queue of the socket, and none is refused. Both
// processes are the same file, so what they say to each other has no version.
//
// Every exit of a worker that was not ordered is a crash, whatever its status.
package worker

import (
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/upgrade"
)

// Options of a supervisor. Gateway.Dir and Listeners are required; another zero
// field means its default.
type Options struct {
	// Gateway has the sizes and times of the worker's gateway, and the data
	// directory, which the caller has locked. What is a function or a logger
	// in there stays behind.
	Gateway gateway.Options

	// Listeners are what workers accept on. The supervisor owns them, and
	// closes them when it ends.
	Listeners []net.Listener

	// Log gets what is to be known of workers; default slog.Default().
	Log *slog.Logger

	// What workers log comes in two forms, one line in each Write: as the log
	// store keeps it, and as Print shows it: as text or as JSON. A worker does
	// not wait for either for long. Default: nowhere, and to standard error.
	Keep      io.Writer
	Print     io.Writer
	Text      bool
	AccessLog bool // whether requests are logged, too

	// DrainTimeout bounds how long a worker goes on that another one has
	// replaced, or whose control process is gone; default 30 s.
	DrainTimeout time.Duration

	// Standby has another worker stand by, with all loaded, for when the one
	// that serves ends.
	Standby bool

	// Crashed hears of each exit that was not ordered, or went wrong, before
	// the next worker starts, and tells what follows from it. It must not wait
	// for Apply.
	Crashed func(Exit) Verdict

	// Drained hears what a worker has counted in all that another one had
	// replaced, at its end.
	Drained func(last gateway.Report)

	// ProcessEnded hears of each end of a process of an isolated endpoint that
	// was not ordered. The versions that it gives are not served by the next
	// worker, unless an Apply comes before. It must not wait for Apply.
	ProcessEnded func(gateway.ProcessExit) []Banned

	// LeftOut hears that an endpoint is not served any more, since a worker
	// that was to take over could not start with it. It must not wait for
	// Apply.
	LeftOut func(endpoint gateway.Endpoint, reason string)

	// LeftOutService hears likewise of a service, which is inactive then.
	LeftOutService func(service, reason string)

	// Left are worker processes of the program that this process was before.
	// They serve until the first one of this supervisor does.
	Left []upgrade.Worker

	// Serving hears, once, that a worker accepts.
	Serving func()

	processEnded func(gateway.ProcessExit) // the supervisor's

	silence time.Duration // of a worker that has an Apply to do: it hangs then; default 1 min
}

func (o *Options) setDefaults() {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Keep == nil {
		o.Keep = io.Discard
	}
	if o.DrainTimeout == 0 {
		o.DrainTimeout = 30 * time.Second
	}
	if o.Gateway.IdleGrace == 0 {
		o.Gateway.IdleGrace = 2 * time.Second
	}
	if o.Crashed == nil {
		o.Crashed = func(Exit) Verdict { return Verdict{} }
	}
	if o.Drained == nil {
		o.Drained = func(gateway.Report) {}
	}
	if o.ProcessEnded == nil {
		o.ProcessEnded = func(gateway.ProcessExit) []Banned { return nil }
	}
	if o.LeftOut == nil {
		o.LeftOut = func(gateway.Endpoint, string) {}
	}
	if o.LeftOutService == nil {
		o.LeftOutService = func(string, string) {}
	}
	if o.Serving == nil {
		o.Serving = func() {}
	}
	if o.silence == 0 {
		o.silence = time.Minute
	}
}

// Exit is the end of a worker process.
type Exit struct {
	Pid     int
	Status  string // as the system tells it: "exit status 2", "signal: killed"
	Output  []byte // the first 64 KiB of what the runtime said of a crash
	Printed []byte // what was last printed of the reason, by whoever ended the process
	Ordered bool   // it was draining, on the order of control
	Why     string // it had to end, where that is known: its own word, or control's

	// Loading is what was being loaded, or started, at the time; its Endpoint
	// is "" if nothing was. Whether that is to blame is another matter.
	Loading Library
	Hung    bool // it was killed, since it did not get back from there

	// Recorded is which libraries there were, and what native code was at;
	// nothing where the system has no recorder.
	Recorded abi.Recorded
}

// Verdict is what follows from a crash.
type Verdict struct {
	Guilty Banned   // who is to blame; of no endpoint if that cannot be told
	Banned []Banned // that are not served any more, until an Apply is without them
}

// Banned is a version of an endpoint that gets no traffic, or should not.
type Banned struct {
	Endpoint string
	Version  string // SHA-256
}

// Library is the library of a version, for an endpoint.
type Library struct {
	Endpoint string
	Version  string // the first 12 digits of its SHA-256
}
