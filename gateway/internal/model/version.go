package model

import "time"

// Version is one immutable library of an endpoint.
type Version struct {
	Endpoint string    `json:"endpoint"`
	Digest   string    `json:"digest" doc:"SHA-256 of the library, in hex: its name."`
	Language string    `json:"language,omitempty" doc:"c, rust or go, where that is known."`
	Size     int64     `json:"size" doc:"In bytes."`
	Source   string    `json:"source,omitempty" doc:"SHA-256 of the source tree that it was built from."`
	Origin   string    `json:"origin" enum:"upload,build,bundle,file" doc:"How it came here."`
	Build    string    `json:"build,omitempty" doc:"The build that made it."`
	Created  time.Time `json:"created"`
	By       string    `json:"by" doc:"Who brought it: the name of a key, or local."`
	Current  bool      `json:"current,omitempty" doc:"Whether it is deployed now."`
}

// Source is a source tree of an endpoint.
type Source struct {
	Digest   string    `json:"digest" doc:"SHA-256 of the tree as it is kept."`
	Language string    `json:"language,omitempty" doc:"c, rust or go, where that is clear."`
	Files    int       `json:"files"`
	Size     int64     `json:"size" doc:"Of the files, in bytes."`
	Updated  time.Time `json:"updated"`
	By       string    `json:"by"`
}

// DeployRequest asks for a version to get traffic.
type DeployRequest struct {
	Version string         `json:"version" minLength:"8" maxLength:"64" pattern:"^[0-9a-f]+$" doc:"SHA-256 of the version, or its beginning."`
	Canary  *CanaryRequest `json:"canary,omitempty" doc:"Give it a share of the requests only."`
}

// DeployResult tells what a deploy, undeploy, rollback or promotion did.
type DeployResult struct {
	Endpoint string `json:"endpoint"`
	Action   string `json:"action" enum:"deploy,undeploy,rollback,canary,promote,abort"`
	Old      string `json:"old,omitempty" doc:"Version that was deployed before."`
	New      string `json:"new,omitempty" doc:"Version that is now; none after an undeploy."`
	Draining int64  `json:"draining" doc:"Requests that are still inside the old version."`
	Fate     string `json:"fate,omitempty" enum:"kept,draining,unloaded,retained" doc:"Of the old version: kept because it goes on serving, draining, unloaded, or retained in memory because it cannot be unloaded."`
	Trial    string `json:"trial,omitempty" doc:"What the trial before traffic showed."`
}

// Deploy is one entry of an endpoint's history.
type Deploy struct {
	ID       int64     `json:"id"`
	Endpoint string    `json:"endpoint"`
	Action   string    `json:"action" enum:"deploy,undeploy,rollback,canary,promote,abort,quarantine"`
	Old      string    `json:"old,omitempty"`
	New      string    `json:"new,omitempty"`
	Reason   string    `json:"reason,omitempty" doc:"The rule that decided, of a canary; what it had done, of a version in quarantine."`
	At       time.Time `json:"at"`
	By       string    `json:"by"`
}
