package model

import "time"

// Metrics is what the gateway is doing in numbers. Counters only grow, unless
// what they count goes away.
type Metrics struct {
	Started   time.Time         `json:"started"`
	Bounds    []float64         `json:"bounds_s" nullable:"false" doc:"Upper bounds of the buckets of every latency, in seconds; one bucket more has what is above."`
	Endpoints []EndpointMetrics `json:"endpoints" nullable:"false"`
	Services  []ServiceMetrics  `json:"services" nullable:"false"`
	Refused   map[string]uint64 `json:"refused" nullable:"false" doc:"Requests that reached no endpoint, by status."`
	Process   ProcessMetrics    `json:"process"`
}

// EndpointMetrics is what one endpoint is doing.
type EndpointMetrics struct {
	Name     string            `json:"name"`
	InFlight int64             `json:"in_flight"`
	Native   int64             `json:"native" doc:"Threads inside native code."`
	Stuck    int64             `json:"stuck" doc:"Calls past their deadline that have not returned."`
	Refused  map[string]uint64 `json:"refused" nullable:"false" doc:"Requests answered without a version, by status."`
	Versions []VersionMetrics  `json:"versions" nullable:"false"`
}

// VersionMetrics is what one version of an endpoint is doing.
type VersionMetrics struct {
	Version  string            `json:"version" doc:"SHA-256 of the library."`
	Role     string            `json:"role" enum:"current,canary,draining,retained,gone"`
	InFlight int64             `json:"in_flight"`
	Requests map[string]uint64 `json:"requests" nullable:"false" doc:"Answered, by status."`
	Latency  Latency           `json:"latency"`
	Retained int64             `json:"retained" doc:"Instances that were shut down and are still in memory."`
	Bytes    int64             `json:"bytes" doc:"Of their libraries."`
	Unloaded int64             `json:"unloaded" doc:"Instances that are gone."`
	Process  *IsolatedProcess  `json:"process,omitempty" doc:"The process that it has for itself; none in the worker."`
}

// IsolatedProcess is the process of an isolated version.
type IsolatedProcess struct {
	Pid      int       `json:"pid" doc:"0 while it is being restarted."`
	Started  time.Time `json:"started"`
	Restarts int64     `json:"restarts" doc:"How often it ended and nobody had ordered that."`
	Memory   int64     `json:"memory" doc:"Resident bytes."`
	Bounds   []string  `json:"bounds" nullable:"false" doc:"What bounds it on this system, and what does not."`
}

// ServiceMetrics is what one service is doing.
type ServiceMetrics struct {
	Name    string        `json:"name"`
	Active  bool          `json:"active"`
	Status  ServiceStatus `json:"status"`
	Latency Latency       `json:"latency"`
}

// ProcessMetrics is what the worker's process has taken.
type ProcessMetrics struct {
	Connections int64 `json:"connections" doc:"Of clients."`
	Native      int64 `json:"native" doc:"Threads inside native code."`
	Threads     int64 `json:"threads" doc:"0 where the system does not tell."`
	Goroutines  int64 `json:"goroutines"`
	Memory      int64 `json:"memory" doc:"Resident bytes; 0 where the system does not tell."`
	Lent        int64 `json:"lent" doc:"Bytes lent to requests in blocks."`
	GoLibraries int64 `json:"go_libraries" doc:"Go runtimes loaded, which are never unloaded."`
}

// Latency counts durations by size.
type Latency struct {
	Count   uint64   `json:"count"`
	Sum     float64  `json:"sum_s" doc:"Of all, in seconds."`
	Buckets []uint64 `json:"buckets" nullable:"false" doc:"How many are in each, not added up."`
}
