package model

import "time"

// ServiceSpec is what can be chosen of a service.
type ServiceSpec struct {
	Name     string         `json:"name" minLength:"1" maxLength:"64" pattern:"^[a-z0-9][a-z0-9._-]{0,63}$" doc:"Identifies the service. It never changes." example:"orders"`
	Kind     string         `json:"kind" enum:"sql,cache,storage,email,http"`
	Driver   string         `json:"driver,omitempty" maxLength:"64" doc:"Default: the embedded one of the kind." example:"postgres"`
	Inactive bool           `json:"inactive,omitempty" doc:"Bound, but refuses operations."`
	Workers  int            `json:"workers,omitempty" minimum:"0" maximum:"1024" doc:"Connections, and operations under way at a time."`
	Mailbox  int            `json:"mailbox,omitempty" minimum:"0" maximum:"1000000" doc:"Operations that wait; default 256."`
	Timeout  Duration       `json:"timeout,omitempty" doc:"Of an operation, waiting included."`
	Options  map[string]any `json:"options,omitempty" nullable:"false" doc:"Those of the driver, as in a configuration file. A secret is shown as [hidden]; written back so, it stays as it is."`
}

// HiddenSecret stands for a secret wherever one would be shown.
const HiddenSecret = "[hidden]"

// Service is a service as it is. Its secrets are hidden.
type Service struct {
	ServiceSpec
	Origin   Origin    `json:"origin" enum:"api,file"`
	Revision int64     `json:"revision" doc:"Grows with every change; the ETag."`
	Created  time.Time `json:"created"`
	Updated  time.Time `json:"updated"`
	// What follows is never stored.
	BoundTo []string       `json:"bound_to" nullable:"false" doc:"Endpoints that are bound to it."`
	Status  *ServiceStatus `json:"status,omitempty" doc:"What it is doing; none while it is inactive."`
	Fault   string         `json:"fault,omitempty" doc:"Why it cannot be had although it should."`
}

// ServiceStatus is what one service is doing.
type ServiceStatus struct {
	Waiting     int    `json:"waiting" doc:"Operations in the mailbox."`
	Busy        int    `json:"busy" doc:"Operations under way."`
	Connections int    `json:"connections" doc:"To the backend."`
	Done        uint64 `json:"done" doc:"Operations that ran."`
	Errors      uint64 `json:"errors" doc:"Of those, failed ones."`
	Overloaded  uint64 `json:"overloaded" doc:"Operations refused because the mailbox was full."`
	Deadlines   uint64 `json:"deadlines" doc:"Operations that did not start in time."`
	Panics      uint64 `json:"panics" doc:"Of the driver."`
	Fault       string `json:"fault,omitempty" doc:"Last error of the backend; none since something went well."`
}

// ServiceTest is the outcome of reaching a backend.
type ServiceTest struct {
	Connected bool    `json:"connected"`
	Latency   float64 `json:"latency_ms,omitempty"`
	Error     string  `json:"error,omitempty"`
}

// ServiceFilter selects services; a zero field selects all.
type ServiceFilter struct {
	Kind   string
	Origin Origin
	Query  string // part of the name
}

// Domain is a domain that some endpoint answers for.
type Domain struct {
	Name      string   `json:"name" doc:"Empty for any."`
	Wildcard  bool     `json:"wildcard,omitempty"`
	Endpoints []string `json:"endpoints" nullable:"false"`
}
