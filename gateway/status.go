package gateway

import (
	"fmt"
	"slices"
	"strings"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// Status is what one endpoint is doing.
type Status struct {
	Version  string // SHA-256 of the library, in hex; empty without one
	InFlight int64
	Native   int64 // threads inside native code
	Stuck    int64
	Draining int64 // replaced versions with requests inside
	Retained int64 // replaced versions that are still mapped
	Unloaded int64 // replaced versions that are gone
}

// Status tells what an endpoint is doing.
func (g *Gateway) Status(endpoint string) (Status, error) {
	e, ok := (*g.endpoints.Load())[endpoint]
	if !ok {
		return Status{}, fmt.Errorf("there is no endpoint %q", endpoint)
	}
	s := Status{InFlight: e.InFlight(), Native: e.Native.Used(), Stuck: e.StuckCalls()}
	s.Draining, s.Retained, s.Unloaded = e.Replaced()
	if i := e.Split().Current; i != nil {
		s.Version = i.Version.Digest
	}
	return s, nil
}

// ServiceStatus is what one service is doing.
type ServiceStatus struct {
	Name        string
	Active      bool
	Waiting     int    // operations in the queue
	Busy        int    // operations under way
	Connections int    // to the backend
	Done        uint64 // operations that ran, or would have if there had been a connection
	Overloaded  uint64 // operations refused because the queue was full
	Deadlines   uint64 // operations that did not start in time
	Panics      uint64 // of the driver
	Inactive    uint64 // operations refused because the service was not active
	// Fault is the last error of the backend; nil since something went well.
	Fault error
}

// ServiceStatuses tells what every service is doing, in the order of their
// names.
func (g *Gateway) ServiceStatuses() (all []ServiceStatus) {
	for _, r := range g.serviceReports() {
		all = append(all, r.ServiceStatus)
	}
	return all
}

func (g *Gateway) serviceReports() (all []ServiceReport) {
	for _, h := range g.services.handles.Range {
		handle := h.(*service.Handle)
		stats, active := handle.Stats()
		all = append(all, ServiceReport{
			ServiceStatus: ServiceStatus{
				Name: handle.Name, Active: active, Inactive: handle.Refused(), Waiting: stats.Waiting, Busy: stats.Busy, Connections: stats.Connections,
				Done: stats.Done, Overloaded: stats.Overloaded, Deadlines: stats.Deadlines, Panics: stats.Panics, Fault: stats.Fault,
			},
			Errors: stats.Errors, Latency: stats.Latency,
		})
	}
	slices.SortFunc(all, func(a, b ServiceReport) int { return strings.Compare(a.Name, b.Name) })
	return all
}
