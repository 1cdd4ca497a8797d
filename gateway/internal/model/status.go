package model

import "time"

// Overview is the gateway at a glance.
type Overview struct {
	Version   string             `json:"version" doc:"Of the program."`
	ABI       string             `json:"abi"`
	Address   string             `json:"address" doc:"Where it serves."`
	Started   time.Time          `json:"started"`
	Ready     bool               `json:"ready"`
	Endpoints []EndpointOverview `json:"endpoints" nullable:"false"`
	Services  []Service          `json:"services" nullable:"false"`
	Builds    int                `json:"builds" doc:"Queued and running."`
}

// EndpointOverview is one line of it.
type EndpointOverview struct {
	Name     string         `json:"name"`
	Route    string         `json:"route" example:"GET api.example.com/orders/{id}"`
	Origin   Origin         `json:"origin" enum:"api,file"`
	State    string         `json:"state" enum:"serving,canary,no version,disabled,fault"`
	Version  string         `json:"version,omitempty"`
	Placed   PlacementState `json:"placed,omitempty" enum:"worker,process,probation,cleared,suspect,out" doc:"Where the version runs; see the endpoint's placement."`
	Why      string         `json:"why,omitempty" doc:"Why there, where that was decided by what it did."`
	Canary   string         `json:"canary,omitempty"`
	Fault    string         `json:"fault,omitempty"`
	InFlight int64          `json:"in_flight"`
	Draining int64          `json:"draining" doc:"Requests inside replaced versions."`
	Stuck    int64          `json:"stuck"`
	Retained int64          `json:"retained" doc:"Replaced versions that are still in memory."`
	Requests uint64         `json:"requests" doc:"Since the gateway started."`
	Errors   uint64         `json:"errors" doc:"Of those, answered with 500 or above."`
	P50      float64        `json:"p50_ms"`
	P99      float64        `json:"p99_ms"`
}

// Readiness tells whether everything that should serve does.
type Readiness struct {
	Ready    bool       `json:"ready"`
	NotReady []NotReady `json:"not_ready" nullable:"false"`
}

// NotReady is one thing that is not as it should be.
type NotReady struct {
	Kind   string `json:"kind" enum:"endpoint,service,gateway"`
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// Recycled tells of a worker process that was replaced.
type Recycled struct {
	Pid    int `json:"pid"`    // of the one that serves
	Before int `json:"before"` // of the one that finishes what it has, and ends
}
