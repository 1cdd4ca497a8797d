package model

import "time"

// CanaryRequest is how a version is tried with a share of the requests.
type CanaryRequest struct {
	Weight float64     `json:"weight" exclusiveMinimum:"0" exclusiveMaximum:"100" doc:"Percent of the requests." example:"5"`
	Header string      `json:"header,omitempty" maxLength:"128" doc:"Requests with the same value of this header go to the same version. Without it, and for requests that lack it, the client's address decides."`
	Auto   *CanaryRule `json:"auto,omitempty" doc:"Promote or abort without being told."`
}

// CanaryRule decides about a canary by itself. It never does before both
// versions have had MinRequests requests since the canary began.
type CanaryRule struct {
	MinRequests   int64    `json:"min_requests,omitempty" minimum:"100" doc:"Of each version; default and least 100."`
	ErrorMargin   float64  `json:"error_margin,omitempty" minimum:"0" maximum:"100" doc:"Percent points by which its share of 5xx may be above the current version's; default 1."`
	LatencyFactor float64  `json:"latency_factor,omitempty" minimum:"1" maximum:"100" doc:"Times the current version's p95 that its own may be; default 1.5."`
	PromoteAfter  Duration `json:"promote_after,omitempty" doc:"How long it has to do well; default 1m."`
}

// Canary is a canary that runs.
type Canary struct {
	CanaryRequest
	Version string    `json:"version" doc:"SHA-256 of the version that is tried."`
	Started time.Time `json:"started"`
	By      string    `json:"by"`
	// What follows is never stored.
	Placement *Placement `json:"placement,omitempty" doc:"Where the version that is tried runs, and why there."`
	Current   CanarySide `json:"current" doc:"Since it started, of the version deployed."`
	Candidate CanarySide `json:"candidate" doc:"Since it started, of the one tried."`
	Verdict   string     `json:"verdict,omitempty" doc:"What the rule says at present."`
}

// CanarySide is how one of the two versions did since the canary began.
type CanarySide struct {
	Requests int64   `json:"requests"`
	Errors   int64   `json:"errors" doc:"Answers of 500 and above."`
	P95      float64 `json:"p95_ms" doc:"95th percentile of latency, in milliseconds."`
}
