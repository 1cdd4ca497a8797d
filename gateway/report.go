package gateway

import (
	"maps"
	"runtime"
	"slices"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/metric"
	"github.com/edge-gateway/edge-gateway/gateway/internal/registry"
)

// Report is what a gateway is doing, with counters since Started. A gateway
// that is started anew begins at zero, with another Started; so does a counter
// of an endpoint, version or service that was not there for a while.
type Report struct {
	Started   time.Time
	Endpoints []EndpointReport // by name
	Services  []ServiceReport  // by name
	Refused   map[int]uint64   // requests that reached no endpoint, by status: 404, 400, 431, ...
	Process   ProcessReport
}

// EndpointReport is what one endpoint is doing. It stays for as long as the
// endpoint does, over all of its versions.
type EndpointReport struct {
	Name     string
	InFlight int64
	Native   int64 // threads inside native code
	Stuck    int64
	Refused  map[int]uint64 // requests answered without a version: 503, 413, ...
	Versions []VersionReport
}

// VersionReport is what one version of an endpoint is doing. Versions that are
// neither current nor in memory are kept for their counters, the last 16.
type VersionReport struct {
	Version  string // SHA-256 of the library
	Role     Role
	InFlight int64          // requests inside, over all instances
	Requests map[int]uint64 // answered, by status
	Latency  Histogram
	Retained int64 // instances shut down and still mapped
	Bytes    int64 // of their libraries
	Unloaded int64 // instances that are gone

	Process *IsolationReport // nil if it runs in the gateway's own process
}

// IsolationReport is what the process of an isolated version is doing.
type IsolationReport struct {
	Pid      int // 0 while it is being restarted
	Started  time.Time
	Restarts int64
	Memory   int64    // resident bytes
	Bounds   []string // what bounds it on this system, and what does not: one sentence each
}

// Role is what a version is at present.
type Role string

// The roles of a version. One that has several has the first of them.
const (
	Current  Role = "current"
	Trying   Role = "canary"
	Draining Role = "draining"
	Retained Role = "retained"
	Gone     Role = "gone"
)

// LatencyBounds are the upper bounds of a histogram's buckets, in seconds; one
// more bucket has what is above them all.
var LatencyBounds = metric.Bounds

// Histogram counts durations by size.
type Histogram = metric.Histogram

// ServiceReport is what one service is doing.
type ServiceReport struct {
	ServiceStatus
	Errors  uint64    // operations done that failed for the sake of the backend, or of the way to it
	Latency Histogram // of operations done, waiting included; those of a memory cache are not timed
}

// ProcessReport is what the process as a whole has taken.
type ProcessReport struct {
	Connections int64 // of clients
	Native      int64 // threads inside native code
	Threads     int64 // of the process; 0 where the system does not tell
	Goroutines  int64
	Memory      int64 // resident bytes; 0 where the system does not tell
	Lent        int64 // bytes lent to requests in blocks
	GoLibraries int64 // Go runtimes loaded, which are never unloaded
}

// Report tells what the gateway is doing.
func (g *Gateway) Report() Report {
	r := Report{
		Started: g.started, Services: g.serviceReports(), Refused: g.dispatch.Refused(),
		Process: ProcessReport{
			Connections: g.dispatch.Connections(), Native: g.dispatch.Native(), Threads: threads(),
			Goroutines: int64(runtime.NumGoroutine()), Memory: resident(), Lent: g.memory.Used(), GoLibraries: int64(abi.GoLibraries()),
		},
	}
	endpoints := *g.endpoints.Load()
	for _, name := range slices.Sorted(maps.Keys(endpoints)) {
		r.Endpoints = append(r.Endpoints, endpointReport(endpoints[name]))
	}
	return r
}

func endpointReport(e *registry.Endpoint) EndpointReport {
	r := EndpointReport{
		Name: e.Name, InFlight: e.InFlight(), Native: e.Native.Used(), Stuck: e.StuckCalls(), Refused: e.Refused.Read(),
	}
	for _, v := range e.Versions() {
		r.Versions = append(r.Versions, VersionReport{
			Version: v.Digest, Role: roleOf(v), InFlight: v.InFlight, Requests: v.Statuses, Latency: v.Latency,
			Retained: v.Retained, Bytes: v.Bytes, Unloaded: v.Unloaded, Process: isolationOf(v.Module),
		})
	}
	return r
}

func roleOf(v registry.VersionState) Role {
	switch {
	case v.Current:
		return Current
	case v.Candidate:
		return Trying
	case v.Loaded:
		return Draining
	case v.Retained > 0:
		return Retained
	}
	return Gone
}
