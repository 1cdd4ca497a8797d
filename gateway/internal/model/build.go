package model

import "time"

// BuildState is where a build stands. The last three are final.
type BuildState string

// The states of a build.
const (
	BuildQueued    BuildState = "queued"
	BuildRunning   BuildState = "running"
	BuildSucceeded BuildState = "succeeded"
	BuildFailed    BuildState = "failed"
	BuildCanceled  BuildState = "canceled"
)

// Final tells whether a build has ended.
func (s BuildState) Final() bool {
	return s == BuildSucceeded || s == BuildFailed || s == BuildCanceled
}

// BuildRequest asks for a build of the endpoint's source as it is now.
type BuildRequest struct {
	Deploy bool `json:"deploy,omitempty" doc:"Deploy what it makes."`
}

// Build is one compilation of a source tree.
type Build struct {
	ID        string        `json:"id"`
	Endpoint  string        `json:"endpoint"`
	Source    string        `json:"source" doc:"SHA-256 of the source tree."`
	Language  string        `json:"language,omitempty"`
	State     BuildState    `json:"state" enum:"queued,running,succeeded,failed,canceled"`
	Deploy    bool          `json:"deploy,omitempty"`
	Version   string        `json:"version,omitempty" doc:"SHA-256 of the library that it made."`
	Deployed  *DeployResult `json:"deployed,omitempty"`
	Error     string        `json:"error,omitempty" doc:"Why it failed, or why the deploy after it did."`
	Isolation []string      `json:"isolation,omitempty" nullable:"false" doc:"What confined the compiler on this machine." example:"[\"rlimits\",\"landlock\"]"`
	Queued    time.Time     `json:"queued"`
	Started   *time.Time    `json:"started,omitempty"`
	Ended     *time.Time    `json:"ended,omitempty"`
	By        string        `json:"by"`
}

// BuildFilter selects builds; a zero field selects all.
type BuildFilter struct {
	Endpoint string
	State    BuildState
	Names    []string // endpoints; what a key may see
}
