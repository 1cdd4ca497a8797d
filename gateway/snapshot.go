package gateway

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/registry"
	"github.com/edge-gateway/edge-gateway/gateway/internal/wire"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// Snapshot is everything a gateway is to serve. It is a value: whoever made it
// may keep it, and must not change it while [Gateway.Apply] runs.
type Snapshot struct {
	Endpoints []Endpoint
	Services  []Service
}

// Service is a backend that endpoints may be bound to. A zero field means its
// default. Changing it starts a new one, moves traffic there and lets the old
// one finish.
type Service struct {
	Name     string // unique
	Kind     string // "sql", "cache", "storage", "email" or "http"
	Driver   string // such as "postgres"; default: the embedded one
	Inactive bool   // bound, but refuses operations
	Workers  int    // connections, and operations under way at a time
	Mailbox  int    // operations that wait; more are refused at once
	Timeout  time.Duration
	Options  config.Options // see config.Kinds
}

// Endpoint is a domain, a path and methods answered by one handler.
type Endpoint struct {
	// Name identifies the endpoint over snapshots and in logs. Unique.
	Name string

	// Domain is exact ("api.example.com"), a wildcard ("*.example.com") or
	// empty for any.
	Domain string

	// Path is a pattern: "/hello/{name}", "/files/{key:*}" for a catch-all.
	Path string

	// Methods that the endpoint answers; none means every method. An endpoint
	// with GET answers HEAD too.
	Methods []string

	// Library is the file of the handler library. Its content is kept when
	// the snapshot is applied; the file is not needed afterwards. Without a
	// Library and a Handler the endpoint answers 503.
	Library string

	// Canary is a second version that gets a share of the requests.
	Canary *Canary

	// Handler answers by a function of this program, in place of a library.
	// Functions cannot be compared: each Apply takes it for a new version.
	Handler edge.Handler

	// Config is handed to the handler when an instance starts. Another config
	// means another instance.
	Config map[string]string

	// Services are the names of services by the local names under which the
	// handler asks for them. It reaches no others. Other bindings mean another
	// instance.
	Services map[string]string

	Limits Limits

	// Isolated has the library run in a process that only this endpoint uses, so
	// that a crash there costs this endpoint's requests in flight and nothing
	// else. A Handler cannot be isolated.
	Isolated bool

	// Process bounds that process.
	Process ProcessLimits
}

func (e *Endpoint) checkIsolation() error {
	p := e.Process
	switch {
	case e.Isolated && e.Handler != nil:
		return errors.New("it is a function of this program, which cannot run in a process of its own")
	case p.Memory < 0, !(p.CPU >= 0) || math.IsInf(p.CPU, 0), p.Files < 0: // so that NaN is none
		return fmt.Errorf("the bounds of its process must not be negative: %+v", p)
	}
	return nil
}

// ProcessLimits bound the process of an isolated endpoint. A zero field means
// no bound of its own.
type ProcessLimits struct {
	Memory int64   // bytes
	CPU    float64 // processors' worth of time; where the system lets the gateway bound it
	Files  int     // descriptors; default 256

	// Open leaves the process what any other may do: by default, where the
	// system can do that, it writes no files, reads none of the data directory,
	// and lacks the system calls that no handler has a use for.
	Open bool
}

// ProcessExit is the end of an isolated endpoint's process that nobody ordered.
type ProcessExit struct {
	Endpoint string
	Version  string // SHA-256
	Pid      int
	Status   string // as the system tells it: "exit status 2", "signal: killed"
	Output   []byte // the first 64 KiB of what the runtime said of a crash
	Printed  []byte // what was last printed of the reason, by whoever ended the process
	Hung     bool   // it was killed, since calls did not return
	Outside  bool   // it was killed, and neither by the gateway nor for its memory
	Lost     int    // requests
	Recorded abi.Recorded
}

// Canary is a version that gets a share of an endpoint's requests. Each client
// is answered by one and the same version as long as both versions and the
// weight stay. Another weight moves clients one way only: a higher one to the
// canary, a lower one away from it.
type Canary struct {
	Library string  // as an Endpoint's
	Weight  float64 // percent of the requests; above 0, below 100

	// Isolated is for this version what an Endpoint's is for the other one. Each
	// has a process of its own then, with the same bounds.
	Isolated bool

	// Header makes requests with the same value of it go to the same version.
	// Where it is empty, or a request lacks it, the client's address does: not
	// its port, and of a proxy's clients all have the proxy's.
	Header string
}

func (e *Endpoint) checkCanary() error {
	c := e.Canary
	switch {
	case c == nil:
		return nil
	case e.Library == "" && e.Handler == nil:
		return errors.New("it has a canary, and no version beside it that answers the other requests")
	case c.Library == "":
		return errors.New("its canary has no library")
	case !(c.Weight > 0 && c.Weight < 100): // so that NaN is none
		return fmt.Errorf("its canary's weight is %v percent; it has to be above 0 and below 100", c.Weight)
	case c.Header != "" && !wire.ValidName([]byte(c.Header)):
		return fmt.Errorf("its canary's header %q is not the name of one", c.Header)
	}
	return nil
}

// Limits bound what one endpoint may take. A zero field means its default.
type Limits struct {
	Timeout        time.Duration // of a request, from its last header byte; default 30 s
	MaxBody        int64         // bytes of a request body; default 8 MiB
	MaxConcurrency int           // requests in flight, suspended ones included; default 16,384
	MaxNative      int           // of those, threads inside native code; default 64
	MaxStuck       int           // calls past their deadline that have not returned; default 8
	Rate           float64       // requests a second that are let in; more get 429; default any
	Burst          int           // of these, how many may come at once; default what comes in a second
}

func (l Limits) check() error {
	if l.Timeout < 0 || l.MaxBody < 0 || l.MaxConcurrency < 0 || l.MaxNative < 0 || l.MaxStuck < 0 {
		return fmt.Errorf("limits must not be negative: %+v", l)
	}
	return config.CheckRate(l.Rate, l.Burst)
}

func (l Limits) withDefaults() registry.Limits {
	setDefault(&l.Timeout, 30*time.Second)
	setDefault(&l.MaxBody, 8<<20)
	setDefault(&l.MaxConcurrency, 16<<10)
	setDefault(&l.MaxNative, 64)
	setDefault(&l.MaxStuck, 8)
	return registry.Limits{
		Timeout: l.Timeout, MaxBody: l.MaxBody, MaxConcurrency: int64(l.MaxConcurrency),
		MaxNative: l.MaxNative, MaxStuck: int64(l.MaxStuck), Interval: l.interval(), Slack: l.slack(),
	}
}

// interval is the time between two requests, rounded up.
func (l Limits) interval() int64 {
	if l.Rate == 0 {
		return 0
	}
	return int64(math.Ceil(float64(time.Second) / l.Rate))
}

func (l Limits) slack() int64 {
	burst := int64(l.Burst)
	if burst == 0 {
		burst = int64(math.Ceil(l.Rate))
	}
	return max(burst-1, 0) * l.interval()
}
