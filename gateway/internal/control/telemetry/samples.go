package telemetry

import "github.com/edge-gateway/edge-gateway/gateway"

// endpointSamples is an endpoint as Prometheus is told of it: its versions by
// their labels, and summed up what has no version.
type endpointSamples struct {
	gateway.EndpointReport
	versions                            []gateway.VersionReport
	draining, retained, bytes, unloaded int64
}

func samplesOf(r gateway.EndpointReport) endpointSamples {
	s := endpointSamples{EndpointReport: r}
	at := map[string]int{}
	for _, v := range r.Versions {
		if v.Role == gateway.Draining || v.Role == gateway.Retained {
			s.draining += v.InFlight
		}
		s.retained += v.Retained
		s.bytes += v.Bytes
		s.unloaded += v.Unloaded

		// Versions can be made whose labels are the same. A sample that is
		// there twice would make all of them unreadable.
		v.Version = label(v.Version)
		if i, same := at[v.Version]; same {
			s.versions[i].Requests = counters{statuses: v.Requests}.plus(counters{statuses: s.versions[i].Requests}).statuses
			s.versions[i].Latency = s.versions[i].Latency.Add(v.Latency)
			continue
		}
		at[v.Version] = len(s.versions)
		s.versions = append(s.versions, v)
	}
	return s
}

// label is a version as people read it.
func label(version string) string { return version[:min(len(version), 12)] }
