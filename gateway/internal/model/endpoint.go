package model

import "time"

// Origin tells what declares an endpoint or a service.
type Origin string

// What the configuration file declares is read-only for the API.
const (
	FromAPI  Origin = "api"
	FromFile Origin = "file"
)

// EndpointSpec is what can be chosen of an endpoint.
type EndpointSpec struct {
	Name     string            `json:"name" minLength:"1" maxLength:"64" pattern:"^[a-z0-9][a-z0-9._-]{0,63}$" doc:"Identifies the endpoint. It never changes." example:"orders"`
	Domain   string            `json:"domain,omitempty" maxLength:"253" doc:"Exact, a wildcard such as *.example.com, or empty for any." example:"api.example.com"`
	Path     string            `json:"path" minLength:"1" maxLength:"1024" doc:"Pattern of the path." example:"/orders/{id}"`
	Methods  []string          `json:"methods,omitempty" nullable:"false" maxItems:"32" doc:"Methods that it answers; none for all." example:"[\"GET\"]"`
	Disabled bool              `json:"disabled,omitempty" doc:"Whether it has no route: its path answers 404."`
	Config   map[string]string `json:"config,omitempty" nullable:"false" doc:"Handed to the handler when an instance starts."`
	Services map[string]string `json:"services,omitempty" nullable:"false" doc:"Names of services by the local names under which the handler asks for them."`
	Limits   Limits            `json:"limits,omitzero" doc:"What is left out has its default."`

	Isolation Isolation     `json:"isolation,omitempty" enum:"worker,process,auto" doc:"Where its library runs: in the worker process, with those of all others; in a process of its own; or auto: there until a version has proved itself, then in the worker. Default worker."`
	Process   ProcessLimits `json:"process,omitzero" doc:"What bounds that process."`
	Probation Probation     `json:"probation,omitzero" doc:"When a version has proved itself. What is left out has its default."`

	Probe *Probe `json:"probe,omitempty" doc:"A request that a version has to answer before it gets traffic, in a trial without services."`
}

// Limits bound what one endpoint may take; see gateway.Limits. Zero means the
// default.
type Limits struct {
	Timeout        Duration `json:"timeout,omitempty" doc:"Of a request, such as 5s; default 30s."`
	MaxBody        int64    `json:"max_body,omitempty" minimum:"0" maximum:"1073741824" doc:"Bytes of a request body; default 8 MiB."`
	MaxConcurrency int      `json:"max_concurrency,omitempty" minimum:"0" maximum:"1000000" doc:"Requests in flight; default 16384."`
	MaxNative      int      `json:"max_native,omitempty" minimum:"0" maximum:"4096" doc:"Of those, threads inside native code; default 64."`
	MaxStuck       int      `json:"max_stuck,omitempty" minimum:"0" maximum:"1024" doc:"Calls past their deadline that have not returned; default 8."`
	Rate           float64  `json:"rate,omitempty" minimum:"0" maximum:"1000000" doc:"Requests a second that are let in, 0.001 or more; over it 429. Default any."`
	Burst          int      `json:"burst,omitempty" minimum:"0" maximum:"1000000" doc:"Of these, how many may come at once; default what comes in a second."`
}

// Probe is a request with what its answer has to be. It is sent in a trial
// before traffic, where no service is there: every operation ends with
// EG_E_UNAVAILABLE. Choose a request that the handler can answer without.
type Probe struct {
	Method  string            `json:"method,omitempty" maxLength:"32" doc:"Default GET."`
	Path    string            `json:"path" minLength:"1" maxLength:"4096" doc:"With a query where there is one." example:"/orders/1"`
	Headers map[string]string `json:"headers,omitempty" nullable:"false"`
	Body    string            `json:"body,omitempty" maxLength:"65536"`
	Status  int               `json:"status,omitempty" minimum:"0" maximum:"599" doc:"That the answer must have; default any from 200 to 399."`
}

// Endpoint is an endpoint as it is.
type Endpoint struct {
	EndpointSpec
	Origin     Origin       `json:"origin" enum:"api,file" doc:"What declares it. One of the configuration file is read-only."`
	Revision   int64        `json:"revision" doc:"Grows with every change; the ETag."`
	Version    string       `json:"version,omitempty" doc:"SHA-256 of the library deployed."`
	Canary     *Canary      `json:"canary,omitempty" doc:"A version that gets a share of the requests."`
	Quarantine []Quarantine `json:"quarantine,omitempty" doc:"Versions that get no traffic since they crashed too often. One that is deployed again by hand is no longer among them."`
	Created    time.Time    `json:"created"`
	Updated    time.Time    `json:"updated"`
	// What follows is never stored. Fault is what keeps the endpoint from being
	// served now.
	Placement *Placement `json:"placement,omitempty" doc:"Where the version deployed runs, and why there."`
	Fault     string     `json:"fault,omitempty" doc:"Why it answers 503, or has no route, although it should."`
}

// Quarantine is why a version gets no traffic.
type Quarantine struct {
	Version string    `json:"version" doc:"SHA-256 of its library."`
	Reason  string    `json:"reason"`
	At      time.Time `json:"at"`
}

// EndpointFilter selects endpoints; a zero field selects all.
type EndpointFilter struct {
	Domain  string
	Origin  Origin
	Service string   // bound to it
	Query   string   // part of the name or of the path
	Names   []string // one of these; what a key may see
}
