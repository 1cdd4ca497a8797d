package model

import "time"

// AuditEntry is one change, or an attempt at one.
type AuditEntry struct {
	ID      int64     `json:"id"`
	At      time.Time `json:"at"`
	By      string    `json:"by" doc:"Name of the key; local, file or gateway."`
	From    string    `json:"from,omitempty" doc:"Address of the client, or unix."`
	Action  string    `json:"action" example:"endpoint.deploy"`
	Target  string    `json:"target,omitempty" doc:"What was changed, such as endpoint/orders."`
	Outcome string    `json:"outcome" enum:"done,failed,denied"`
	Detail  string    `json:"detail,omitempty" doc:"What was done, or why it was not. No secret is in it."`
}

// AuditFilter selects entries; a zero field selects all.
type AuditFilter struct {
	By     string
	Action string // or its beginning up to a dot: "endpoint"
	Target string
	Since  time.Time
	Until  time.Time
}
