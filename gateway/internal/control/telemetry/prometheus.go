package telemetry

import (
	"io"
	"maps"
	"runtime"
	"slices"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// More is what Prometheus is told beside a report.
type More struct {
	Version      string // of the program
	ABI          string
	LogsLeftOut  uint64 // lines that the log does not have
	BuildsQueued int    // and running

	Crashes     map[string]uint64 // of workers, by the endpoint that is to blame; "" for none
	Quarantined map[string]int    // versions, by endpoint

	Placed map[string]string // where the version deployed runs, by endpoint
}

// WritePrometheus writes a report in the text format of Prometheus. How many
// samples that makes depends on the numbers of endpoints, services and statuses
// only: an endpoint has a bounded number of versions if the report is that of
// an [Accumulator].
func WritePrometheus(w io.Writer, r gateway.Report, m More) error {
	var e exposition
	e.endpoints(r)
	e.services(r.Services)
	e.process(r)
	e.family("edge_gateway_build_info", "gauge", "What program this is; always 1.").
		add(1, "version", m.Version, "abi", m.ABI, "go", runtime.Version())
	e.family("edge_gateway_builds_unfinished", "gauge", "Builds that are queued or run.").add(float64(m.BuildsQueued))
	e.family("edge_gateway_log_lines_left_out_total", "counter", "Lines that the log does not have.").add(float64(m.LogsLeftOut))
	crashes := e.family("edge_gateway_worker_crashes_total", "counter", "Ends of worker processes that nobody had ordered, by the endpoint that is to blame; empty where nobody is.")
	for _, endpoint := range slices.Sorted(maps.Keys(m.Crashes)) {
		crashes.add(float64(m.Crashes[endpoint]), "endpoint", endpoint)
	}
	quarantined := e.family("edge_gateway_quarantined_versions", "gauge", "Versions that get no traffic since they crashed too often.")
	for _, endpoint := range slices.Sorted(maps.Keys(m.Quarantined)) {
		quarantined.add(float64(m.Quarantined[endpoint]), "endpoint", endpoint)
	}
	placement := e.family("edge_gateway_placement_info", "gauge", "Where the version deployed runs, and why there; always 1.")
	for _, endpoint := range slices.Sorted(maps.Keys(m.Placed)) {
		placement.add(1, "endpoint", endpoint, "state", m.Placed[endpoint])
	}
	_, err := w.Write(e.text.Bytes())
	return err
}

func (e *exposition) endpoints(r gateway.Report) {
	all := make([]endpointSamples, len(r.Endpoints))
	for i, one := range r.Endpoints {
		all[i] = samplesOf(one)
	}
	requests := e.family("edge_gateway_requests_total", "counter", "Requests that a version answered, by status.")
	for _, one := range all {
		for _, v := range one.versions {
			requests.statuses(v.Requests, "endpoint", one.Name, "version", v.Version)
		}
	}
	latency := e.family("edge_gateway_request_duration_seconds", "histogram", "How long requests took that a version answered.")
	for _, one := range all {
		for _, v := range one.versions {
			latency.histogram(v.Latency, "endpoint", one.Name, "version", v.Version)
		}
	}
	roles := e.family("edge_gateway_version_info", "gauge", "What a version is at present; always 1.")
	for _, one := range all {
		for _, v := range one.versions {
			roles.add(1, "endpoint", one.Name, "version", v.Version, "role", string(v.Role))
		}
	}
	e.isolated(all)
	refused := e.family("edge_gateway_refused_total", "counter", "Requests to an endpoint that no version answered, by status.")
	for _, one := range all {
		refused.statuses(one.Refused, "endpoint", one.Name)
	}
	e.family("edge_gateway_unrouted_total", "counter", "Requests that reached no endpoint, by status.").statuses(r.Refused)
	for _, f := range []struct {
		name, kind, help string
		value            func(endpointSamples) int64
	}{
		{"in_flight_requests", "gauge", "Requests that are not answered yet.", func(s endpointSamples) int64 { return s.InFlight }},
		{"draining_requests", "gauge", "Requests that are still inside versions that were replaced.", func(s endpointSamples) int64 { return s.draining }},
		{"native_threads", "gauge", "Threads inside native code.", func(s endpointSamples) int64 { return s.Native }},
		{"stuck_calls", "gauge", "Calls past their deadline that have not returned.", func(s endpointSamples) int64 { return s.Stuck }},
		{"retained_versions", "gauge", "Replaced instances that are still in memory.", func(s endpointSamples) int64 { return s.retained }},
		{"retained_bytes", "gauge", "Bytes of libraries of replaced instances that are still in memory.", func(s endpointSamples) int64 { return s.bytes }},
		{"unloaded_versions_total", "counter", "Replaced instances that are gone from memory.", func(s endpointSamples) int64 { return s.unloaded }},
	} {
		samples := e.family("edge_gateway_"+f.name, f.kind, f.help)
		for _, one := range all {
			samples.add(float64(f.value(one)), "endpoint", one.Name)
		}
	}
}

// isolated has the versions that run in processes of their own.
func (e *exposition) isolated(all []endpointSamples) {
	for _, f := range []struct {
		name, kind, help string
		value            func(*gateway.IsolationReport) float64
	}{
		{"isolated_process_up", "gauge", "1 for a version in a process of its own, 0 while that is being restarted.", func(p *gateway.IsolationReport) float64 { return truth(p.Pid != 0) }},
		{"isolated_process_restarts_total", "counter", "Ends of a version's own process that nobody had ordered.", func(p *gateway.IsolationReport) float64 { return float64(p.Restarts) }},
		{"isolated_process_resident_memory_bytes", "gauge", "Resident memory of a version's own process.", func(p *gateway.IsolationReport) float64 { return float64(p.Memory) }},
	} {
		samples := e.family("edge_gateway_"+f.name, f.kind, f.help)
		for _, one := range all {
			for _, v := range one.versions {
				if v.Process != nil {
					samples.add(f.value(v.Process), "endpoint", one.Name, "version", v.Version)
				}
			}
		}
	}
}

func (e *exposition) services(all []gateway.ServiceReport) {
	for _, f := range []struct {
		name, kind, help string
		value            func(gateway.ServiceReport) float64
	}{
		{"up", "gauge", "1 if it runs and its backend had no error last.", func(s gateway.ServiceReport) float64 { return truth(s.Active && s.Fault == nil) }},
		{"mailbox_operations", "gauge", "Operations that wait.", func(s gateway.ServiceReport) float64 { return float64(s.Waiting) }},
		{"in_flight_operations", "gauge", "Operations under way.", func(s gateway.ServiceReport) float64 { return float64(s.Busy) }},
		{"connections", "gauge", "Connections to the backend.", func(s gateway.ServiceReport) float64 { return float64(s.Connections) }},
		{"operations_total", "counter", "Operations that ran.", func(s gateway.ServiceReport) float64 { return float64(s.Done) }},
		{"errors_total", "counter", "Operations that ran and failed.", func(s gateway.ServiceReport) float64 { return float64(s.Errors) }},
		{"overloaded_total", "counter", "Operations refused because the mailbox was full.", func(s gateway.ServiceReport) float64 { return float64(s.Overloaded) }},
		{"deadlines_total", "counter", "Operations that did not start in time.", func(s gateway.ServiceReport) float64 { return float64(s.Deadlines) }},
		{"panics_total", "counter", "Panics of the driver.", func(s gateway.ServiceReport) float64 { return float64(s.Panics) }},
	} {
		samples := e.family("edge_gateway_service_"+f.name, f.kind, f.help)
		for _, s := range all {
			samples.add(f.value(s), "service", s.Name)
		}
	}
	latency := e.family("edge_gateway_service_operation_duration_seconds", "histogram", "How long operations took.")
	for _, s := range all {
		latency.histogram(s.Latency, "service", s.Name)
	}
}

func (e *exposition) process(r gateway.Report) {
	p := r.Process
	for _, f := range []struct {
		name, help string
		value      int64
	}{
		{"client_connections", "Connections of clients.", p.Connections},
		{"process_native_threads", "Threads of the process inside native code.", p.Native},
		{"process_threads", "Threads of the process; 0 where the system does not tell.", p.Threads},
		{"process_goroutines", "Goroutines of the process.", p.Goroutines},
		{"process_resident_memory_bytes", "Resident memory of the process; 0 where the system does not tell.", p.Memory},
		{"lent_memory_bytes", "Memory that is lent to requests in blocks.", p.Lent},
		{"go_runtimes", "Go runtimes of handlers, which are never unloaded.", p.GoLibraries},
	} {
		e.family("edge_gateway_"+f.name, "gauge", f.help).add(float64(f.value))
	}
	e.family("edge_gateway_start_time_seconds", "gauge", "When the gateway started, since the epoch.").
		add(float64(r.Started.UnixMilli()) / 1000)
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
