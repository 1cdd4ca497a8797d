package admin

import (
	"bytes"
	"context"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/telemetry"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

func (a *API) registerMetrics() {
	register(a, "get-metrics", doc{tag: "status", summary: "Tell what the gateway is doing in numbers", more: "GET /metrics has the same for Prometheus."},
		func(context.Context, *struct{}) (*struct{ Body model.Metrics }, error) {
			return &struct{ Body model.Metrics }{metricsOf(a.control.Report())}, nil
		})
	a.registerPrometheus()
}

const prometheusText = "text/plain; version=0.0.4; charset=utf-8"

func (a *API) registerPrometheus() {
	register(a, "get-prometheus-metrics", doc{
		tag: "status", summary: "Tell what the gateway is doing in numbers, for Prometheus",
		answers: map[string]*huma.Response{"200": {Description: "Metrics in Prometheus' text format.", Content: content("text/plain", &huma.Schema{Type: huma.TypeString})}},
	}, func(ctx context.Context, _ *struct{}) (*textOutput, error) {
		o, err := a.control.Overview(ctx)
		if err != nil {
			return nil, err
		}
		var text bytes.Buffer
		quarantined := map[string]int{}
		for endpoint, all := range a.control.Quarantined() {
			quarantined[endpoint] = len(all)
		}
		placed := map[string]string{}
		for _, e := range o.Endpoints {
			if e.Placed != "" {
				placed[e.Name] = string(e.Placed)
			}
		}
		err = telemetry.WritePrometheus(&text, a.control.Report(), telemetry.More{
			Version: o.Version, ABI: o.ABI, BuildsQueued: o.Builds, LogsLeftOut: a.logs.LeftOut(),
			Crashes: a.control.CrashCounts(), Quarantined: quarantined, Placed: placed,
		})
		return &textOutput{prometheusText, text.Bytes()}, err
	})
}

func metricsOf(r gateway.Report) model.Metrics {
	m := model.Metrics{
		Started: r.Started, Bounds: gateway.LatencyBounds[:], Refused: byStatus(r.Refused),
		Endpoints: []model.EndpointMetrics{}, Services: []model.ServiceMetrics{},
		Process: model.ProcessMetrics(r.Process),
	}
	for _, e := range r.Endpoints {
		one := model.EndpointMetrics{
			Name: e.Name, InFlight: e.InFlight, Native: e.Native, Stuck: e.Stuck,
			Refused: byStatus(e.Refused), Versions: []model.VersionMetrics{},
		}
		for _, v := range e.Versions {
			one.Versions = append(one.Versions, model.VersionMetrics{
				Version: v.Version, Role: string(v.Role), InFlight: v.InFlight, Requests: byStatus(v.Requests),
				Latency: latencyOf(v.Latency), Retained: v.Retained, Bytes: v.Bytes, Unloaded: v.Unloaded,
				Process: (*model.IsolatedProcess)(v.Process),
			})
		}
		m.Endpoints = append(m.Endpoints, one)
	}
	for _, s := range r.Services {
		m.Services = append(m.Services, serviceMetricsOf(s))
	}
	return m
}

func serviceMetricsOf(s gateway.ServiceReport) model.ServiceMetrics {
	status := model.ServiceStatus{
		Waiting: s.Waiting, Busy: s.Busy, Connections: s.Connections, Done: s.Done, Errors: s.Errors,
		Overloaded: s.Overloaded, Deadlines: s.Deadlines, Panics: s.Panics,
	}
	if s.Fault != nil {
		status.Fault = s.Fault.Error()
	}
	return model.ServiceMetrics{Name: s.Name, Active: s.Active, Status: status, Latency: latencyOf(s.Latency)}
}

func latencyOf(h gateway.Histogram) model.Latency {
	l := model.Latency{Sum: h.Sum.Seconds(), Buckets: h.Buckets[:]}
	for _, n := range h.Buckets {
		l.Count += n
	}
	return l
}

func byStatus(counts map[int]uint64) map[string]uint64 {
	named := make(map[string]uint64, len(counts))
	for status, n := range counts {
		named[strconv.Itoa(status)] = n
	}
	return named
}
