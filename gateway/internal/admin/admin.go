// Package admin is the API over the control plane: HTTP with JSON under
// /api/v1, described by the OpenAPI document that it serves.
//
// One table, in routes.go, has every route with what it takes to use it. A
// request passes through
//
//	origin.go         is it for this server, and not sent by a foreign web page
//	handler.go        which route is it; log, panics, unknown routes
//	authenticate.go   who asks, and may they
//	body.go           is there a body of the right type and size
//	register.go       parameters and body against the schema, by huma
//
// before a handler turns it into a call of [Control]. Whatever goes
// wrong on the way is answered by a [Problem].
package admin

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Options of an API.
type Options struct {
	Control Control
	Logs    Logs
	Log     *slog.Logger
	Version string // of the program

	// Hosts are names under which the API is reached on a loopback address
	// beside localhost, such as that of a proxy on the same machine.
	Hosts []string
}

// API answers requests. Its methods are safe for use from many goroutines.
type API struct {
	control  Control
	logs     Logs
	log      *slog.Logger
	hosts    []string
	mux      *http.ServeMux
	routes   map[string]*route // by the mux's pattern
	huma     huma.API
	document []byte // OpenAPI, as it is served
	attempts *attempts
	streams  chan struct{} // a place for each answer that goes on until the client leaves
	watchers watchers      // who has these places
	limits   limits

	ending context.Context // over when streams have to end
	end    context.CancelFunc

	mu      sync.Mutex
	servers []*http.Server // of every Serve that runs
}

// limits are how long a client may take. No answer waits for another client.
type limits struct {
	json       time.Duration // for a body of JSON
	uploadIdle time.Duration // between two pieces of an upload
	upload     time.Duration // for all of it
	write      time.Duration // for one piece of an answer
	heartbeat  time.Duration // between two signs of life in a stream
	recheck    time.Duration // between two looks whether a stream's key is still known
}

var defaultLimits = limits{
	json: 30 * time.Second, uploadIdle: 30 * time.Second, upload: 30 * time.Minute,
	write: 15 * time.Second, heartbeat: 15 * time.Second, recheck: time.Second,
}

// Logs that are watched at the same time: by all, and by one key, which is not
// to take the places of the others.
const (
	maxStreams    = 128
	maxOwnStreams = 32
)

// New makes an API that is not served yet.
func New(o Options) *API {
	a := &API{
		control:  o.Control,
		logs:     o.Logs,
		log:      o.Log,
		hosts:    o.Hosts,
		mux:      http.NewServeMux(),
		routes:   map[string]*route{},
		attempts: newAttempts(time.Now),
		streams:  make(chan struct{}, maxStreams),
		limits:   defaultLimits,
	}
	a.ending, a.end = context.WithCancel(context.Background())
	a.huma = newHuma(table{a}, o.Version)
	a.registerAll()
	a.document = a.marshalDocument()
	return a
}

// registerAll gives every route its handler. It panics where that is not so:
// the table and the handlers are both part of the program.
func (a *API) registerAll() {
	a.registerDocument()
	a.registerHealth()
	a.registerStatus()
	a.registerEndpoints()
	a.registerVersions()
	a.registerDeploys()
	a.registerSource()
	a.registerBuilds()
	a.registerServices()
	a.registerBundles()
	a.registerKeys()
	a.registerAudit()
	a.registerLogs()
	a.registerCrashes()
	a.registerMetrics()
	for _, r := range routes {
		if a.routes[r.pattern()] == nil {
			panic("admin: route " + r.id + " has no handler")
		}
	}
}
