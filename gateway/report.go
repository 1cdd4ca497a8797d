package gateway

import "time"

// Report is what a gateway is doing, with counters since Started. A gateway
// that is started anew begins at zero, with another Started.
type Report struct {
	Started   time.Time
	Endpoints []EndpointReport // by name
	Services  []ServiceReport  // by name
	Refused   map[int]uint64   // requests that reached no endpoint, by status
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
var LatencyBounds = [...]float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

// Histogram counts durations by size.
type Histogram struct {
	Buckets [len(LatencyBounds) + 1]uint64 // each for itself, not summed up
	Sum     time.Duration
}

// ServiceReport is what one service is doing.
type ServiceReport struct {
	ServiceStatus
	Errors  uint64 // operations that ran and failed
	Latency Histogram
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
func (g *Gateway) Report() Report { panic("not written") }
