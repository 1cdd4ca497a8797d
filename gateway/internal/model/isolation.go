package model

import "time"

// Isolation tells where the library of an endpoint is to run. Empty means
// InWorker.
type Isolation string

// The isolations.
const (
	InWorker  Isolation = "worker"  // with those of all others
	InProcess Isolation = "process" // in a process that only this endpoint uses
	Auto      Isolation = "auto"    // there first, and in the worker after a clean probation
)

// ProcessLimits bound the process of an isolated endpoint; see
// gateway.ProcessLimits. Zero means no bound of its own.
type ProcessLimits struct {
	Memory int64   `json:"memory,omitempty" minimum:"0" maximum:"1099511627776" doc:"Bytes, beside what the process itself needs; at least 4 MiB."`
	CPU    float64 `json:"cpu,omitempty" minimum:"0" maximum:"1024" doc:"Processors' worth of time; at least 0.01. Where the system lets the gateway bound it."`
	Files  int     `json:"files,omitempty" minimum:"0" maximum:"1048576" doc:"Descriptors; at least 32, default 256."`
	Open   bool    `json:"open,omitempty" doc:"It may do what any process may. By default, where the system can do that, it writes no files, reads none of the data directory, and lacks the system calls that no handler has a use for."`
}

// Probation is what a version has to do without a fault in a process of its own
// before it runs in the worker. Zero means the default.
type Probation struct {
	Requests int      `json:"requests,omitempty" minimum:"0" maximum:"1000000000" doc:"To answer; default 1000."`
	Time     Duration `json:"time,omitempty" doc:"From 1ms to 1h; default 1m."`
}

// PlacementState is where a version runs, and why there.
type PlacementState string

// The states. The last three are decided about one version of an endpoint, and
// remembered.
const (
	PlacedInWorker  PlacementState = "worker"    // as the endpoint's isolation says
	PlacedInProcess PlacementState = "process"   // likewise
	OnProbation     PlacementState = "probation" // in a process, until it has proved itself
	Cleared         PlacementState = "cleared"   // in the worker, since it has
	Suspected       PlacementState = "suspect"   // in a process, whatever the isolation says, until it is cleared
	PutOut          PlacementState = "out"       // in a process, until another version comes or it is released
)

// Isolated tells whether it is in a process of its own.
func (s PlacementState) Isolated() bool { return s != PlacedInWorker && s != Cleared }

// Placement is where a version of an endpoint runs.
type Placement struct {
	State    PlacementState   `json:"state" enum:"worker,process,probation,cleared,suspect,out" doc:"worker, cleared: in the worker process. The others: in a process that only this endpoint uses; process, since its isolation says so; probation, until it has done well for a while; suspect, since it may have ended a worker; out, since it did."`
	Reason   string           `json:"reason,omitempty"`
	Since    *time.Time       `json:"since,omitempty"`
	Chosen   Isolation        `json:"chosen,omitempty" doc:"The endpoint's isolation when this was decided; with another one it does not count."`
	For      Duration         `json:"for,omitempty" doc:"Of a suspect: how long it has to do well."`
	Progress string           `json:"progress,omitempty" doc:"Of a probation, or of a suspect: how far it is."`
	Process  *IsolatedProcess `json:"process,omitempty" doc:"None in the worker."`
}
