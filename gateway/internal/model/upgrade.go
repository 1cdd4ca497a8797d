package model

import "time"

// UpgradeRequest says what the running program is to be replaced by.
type UpgradeRequest struct {
	Program string   `json:"program,omitempty" doc:"Absolute path of the new program; default: what lies now where the running one was started from."`
	Timeout Duration `json:"timeout,omitempty" doc:"Within what time the new program has to serve; default 1m." example:"1m"`
}

// UpgradeState is how an upgrade stands.
type UpgradeState string

// The states of an upgrade.
const (
	UpgradeNone   UpgradeState = "none"
	UpgradeRuns   UpgradeState = "running"
	UpgradeDone   UpgradeState = "done"
	UpgradeUndone UpgradeState = "failed"
)

// Upgrade is the last time that the running program was replaced, or was to be.
type Upgrade struct {
	State   UpgradeState `json:"state" enum:"none,running,done,failed"`
	From    string       `json:"from,omitempty" doc:"Version of the program before."`
	To      string       `json:"to,omitempty" doc:"Version of the new one."`
	Program string       `json:"program,omitempty" doc:"Its path."`
	Reason  string       `json:"reason,omitempty" doc:"Why it failed; the program before serves then, as it did."`
	At      time.Time    `json:"at,omitzero"`
}
