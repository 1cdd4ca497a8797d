// Package config reads the configuration file of the gateway.
//
// The file is TOML and read strictly: an unknown key, a wrong type, a value
// out of range, a path that can never match or two routes that answer the same
// requests are refused, all of them at once and each with its line.
//
//	[server]
//	listen = "127.0.0.1:8080"
//	data = "data"
//
//	[[endpoint]]
//	name = "hello"
//	path = "/hello/{name}"
//	method = "GET"
//	source = "handlers/hello"
//	timeout = "5s"
//
//	[endpoint.config]
//	greeting = "Hello"
//
//	[endpoint.services]
//	db = "orders"
//
//	[[service]]
//	name = "orders"
//	kind = "sql"
//
// The package only reads: it binds nothing, builds nothing and, of the files
// named in the configuration, asks no more than whether they are there.
package config

import "time"

// File is what one configuration file says. It holds no defaults: a field that
// the file leaves out is zero, and zero can not be written in a file, so that
// whoever uses the value may fill in flags, environment and defaults.
type File struct {
	Path      string // as given to Load or Parse
	Dir       string // absolute; what relative paths in the file start from
	Server    Server
	Services  []Service  // in the order of the file
	Endpoints []Endpoint // likewise
}

// AdminOff in place of an address says that the admin API is not to be had over
// TCP. Its socket in the data directory stays.
const AdminOff = "off"

// Server is the [server] table.
type Server struct {
	Listen         string        // host:port of the data listener; port 0 picks a free one
	Admin          string        // host:port of the admin listener, or AdminOff
	Data           string        // data directory, absolute; it need not exist
	HeaderLimit    int64         // bytes of a request's line and headers; 1 KiB to 1 MiB
	ReadTimeout    time.Duration // for a whole request to arrive; 1 ms to 1 h
	IdleTimeout    time.Duration // of a connection between requests; 1 ms to 1 h
	DrainTimeout   time.Duration // for requests in flight at shutdown; 1 ms to 1 h
	MaxConnections int           // open at once; 1 to 1,000,000
	Standby        bool          // another worker process stands by, with all loaded

	// What the process that serves may have. The last three have it replaced by
	// a new one, which costs no request.
	Memory          int64 // resident bytes above which requests get 503; 1 MiB to 16 TiB
	RecycleMemory   int64 // resident bytes; less than Memory
	RecycleRetained int64 // bytes of libraries that cannot be unloaded; 1 B to 16 TiB
	RecycleStuck    int   // calls past their deadline that do not return; 1 to 100,000
}

// Endpoint is one [[endpoint]] table, checked as far as one file can be:
// its name is unique, its pattern parses and conflicts with no other, and its
// source or library was there when the file was read.
type Endpoint struct {
	Line int // of the [[endpoint]]

	Name    string   // see CheckName
	Domain  string   // lower case, see CheckDomain; empty for any
	Path    string   // see ParsePattern
	Methods []string // see CheckMethod; empty for any

	// Source is a folder to compile, Library a compiled file. Exactly one is
	// set, and it is absolute.
	Source  string
	Library string

	// Config holds the values of [endpoint.config] as text. Numbers are
	// written in decimal ("1000" for 1_000), booleans "true" and "false".
	Config map[string]string

	// Services are the bindings of [endpoint.services]: the name of a service
	// by the name that the handler asks for.
	Services map[string]string

	Timeout        time.Duration // of a request; 1 ms to 1 h
	MaxBody        int64         // bytes of a request's body; 1 B to 1 GiB
	MaxConcurrency int           // requests in flight; 1 to 1,000,000
	MaxNative      int           // threads inside the handler; 1 to 4096
	MaxStuck       int           // calls past their deadline; 1 to 1024

	Isolation string    // one of Isolations; empty for the default
	Process   Process   // of the endpoint, where it has one of its own
	Probation Probation // with isolation "auto"
	Rate      float64   // requests a second; see CheckRate
	Burst     int       // of them at once; 1 to 1,000,000
}

// Route gives what decides which requests reach the endpoint.
func (e Endpoint) Route() Route {
	return Route{Domain: e.Domain, Path: e.Path, Methods: e.Methods}
}
