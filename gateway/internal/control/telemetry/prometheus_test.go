package telemetry

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/edge-gateway/edge-gateway/gateway"
)

func exposed(t *testing.T, r gateway.Report, m More) map[string]*dto.MetricFamily {
	t.Helper()
	var text bytes.Buffer
	if err := WritePrometheus(&text, r, m); err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text.Bytes()))
	if err != nil {
		t.Fatalf("%v\n%s", err, text.String())
	}
	seen := map[string]bool{}
	for line := range strings.Lines(text.String()) {
		name, _, _ := strings.Cut(line, " ")
		if name != "#" && seen[name] {
			t.Errorf("%s is there twice", name)
		}
		seen[name] = true
	}
	return families
}

// value is that of the only sample with such labels.
func value(t *testing.T, families map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	t.Helper()
	sample := find(t, families, name, labels...)
	return sample.GetCounter().GetValue() + sample.GetGauge().GetValue()
}

func find(t *testing.T, families map[string]*dto.MetricFamily, name string, labels ...string) *dto.Metric {
	t.Helper()
	var found []*dto.Metric
	for _, sample := range families[name].GetMetric() {
		got := ""
		for _, l := range sample.GetLabel() {
			got += l.GetName() + "=" + l.GetValue() + " "
		}
		matches := true
		for i := 0; i < len(labels); i += 2 {
			matches = matches && strings.Contains(" "+got, " "+labels[i]+"="+labels[i+1]+" ")
		}
		if matches {
			found = append(found, sample)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d samples of %s %v", len(found), name, labels)
	}
	return found[0]
}

var sample = func() gateway.Report {
	var latency gateway.Histogram
	latency.Buckets[3], latency.Buckets[len(gateway.LatencyBounds)], latency.Sum = 5, 1, time.Minute
	db := gateway.ServiceReport{Errors: 4, Latency: latency}
	db.Name, db.Active, db.Waiting, db.Busy, db.Connections, db.Done, db.Overloaded = "db", true, 1, 2, 3, 6, 7
	down := gateway.ServiceReport{}
	down.Name, down.Active, down.Fault = "down", true, errors.New("refused")
	version := strings.Repeat("0123456789abcdef", 4)
	return gateway.Report{
		Started: time.Unix(1_000_000, 500_000_000),
		Endpoints: []gateway.EndpointReport{
			{Name: "orders", InFlight: 9, Native: 2, Stuck: 1, Refused: map[int]uint64{503: 2}, Versions: []gateway.VersionReport{
				{Version: version, Role: gateway.Current, InFlight: 5, Requests: map[int]uint64{200: 10, 500: 1}, Latency: latency},
				{Version: strings.Repeat("f", 64), Role: gateway.Draining, InFlight: 4, Requests: map[int]uint64{200: 3},
					Process: &gateway.IsolationReport{Pid: 9, Restarts: 2, Memory: 77}},
				{Version: version[:12] + strings.Repeat("0", 52), Role: gateway.Retained, Retained: 2, Bytes: 100, Unloaded: 1, Requests: map[int]uint64{200: 1}, Latency: latency},
				{Version: Other, Role: gateway.Gone, Requests: map[int]uint64{404: 8}},
			}},
			{Name: "odd \"\\\n\xff name"},
		},
		Services: []gateway.ServiceReport{db, down},
		Refused:  map[int]uint64{404: 11},
		Process:  gateway.ProcessReport{Connections: 1, Native: 2, Threads: 3, Goroutines: 4, Memory: 5, Lent: 6, GoLibraries: 7},
	}
}()

func TestAReportIsExposed(t *testing.T) {
	families := exposed(t, sample, More{Version: "v1", ABI: "0.3", LogsLeftOut: 12, BuildsQueued: 2, Placed: map[string]string{"orders": "suspect"}})
	const version = "0123456789ab"
	for _, test := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"edge_gateway_requests_total", []string{"endpoint", "orders", "version", version, "status", "200"}, 11},
		{"edge_gateway_requests_total", []string{"version", version, "status", "500"}, 1},
		{"edge_gateway_requests_total", []string{"version", "ffffffffffff"}, 3},
		{"edge_gateway_requests_total", []string{"version", "other", "status", "404"}, 8},
		{"edge_gateway_version_info", []string{"version", version, "role", "current"}, 1},
		{"edge_gateway_isolated_process_up", []string{"endpoint", "orders", "version", "ffffffffffff"}, 1},
		{"edge_gateway_isolated_process_restarts_total", []string{"endpoint", "orders"}, 2},
		{"edge_gateway_isolated_process_resident_memory_bytes", []string{"endpoint", "orders"}, 77},
		{"edge_gateway_placement_info", []string{"endpoint", "orders", "state", "suspect"}, 1},
		{"edge_gateway_refused_total", []string{"endpoint", "orders", "status", "503"}, 2},
		{"edge_gateway_unrouted_total", []string{"status", "404"}, 11},
		{"edge_gateway_in_flight_requests", []string{"endpoint", "orders"}, 9},
		{"edge_gateway_draining_requests", []string{"endpoint", "orders"}, 4},
		{"edge_gateway_native_threads", []string{"endpoint", "orders"}, 2},
		{"edge_gateway_stuck_calls", []string{"endpoint", "orders"}, 1},
		{"edge_gateway_retained_versions", []string{"endpoint", "orders"}, 2},
		{"edge_gateway_retained_bytes", []string{"endpoint", "orders"}, 100},
		{"edge_gateway_unloaded_versions_total", []string{"endpoint", "orders"}, 1},
		{"edge_gateway_in_flight_requests", []string{"endpoint", "odd \"\\\n\uFFFD name"}, 0},
		{"edge_gateway_service_up", []string{"service", "db"}, 1},
		{"edge_gateway_service_up", []string{"service", "down"}, 0},
		{"edge_gateway_service_mailbox_operations", []string{"service", "db"}, 1},
		{"edge_gateway_service_in_flight_operations", []string{"service", "db"}, 2},
		{"edge_gateway_service_connections", []string{"service", "db"}, 3},
		{"edge_gateway_service_operations_total", []string{"service", "db"}, 6},
		{"edge_gateway_service_errors_total", []string{"service", "db"}, 4},
		{"edge_gateway_service_overloaded_total", []string{"service", "db"}, 7},
		{"edge_gateway_client_connections", nil, 1},
		{"edge_gateway_process_native_threads", nil, 2},
		{"edge_gateway_process_threads", nil, 3},
		{"edge_gateway_process_goroutines", nil, 4},
		{"edge_gateway_process_resident_memory_bytes", nil, 5},
		{"edge_gateway_lent_memory_bytes", nil, 6},
		{"edge_gateway_go_runtimes", nil, 7},
		{"edge_gateway_start_time_seconds", nil, 1_000_000.5},
		{"edge_gateway_build_info", []string{"version", "v1", "abi", "0.3"}, 1},
		{"edge_gateway_builds_unfinished", nil, 2},
		{"edge_gateway_log_lines_left_out_total", nil, 12},
	} {
		if got := value(t, families, test.name, test.labels...); got != test.want {
			t.Errorf("%s %v is %g, not %g", test.name, test.labels, got, test.want)
		}
	}
	for name, labels := range map[string][]string{
		"edge_gateway_request_duration_seconds":           {"endpoint", "orders", "version", version},
		"edge_gateway_service_operation_duration_seconds": {"service", "db"},
	} {
		h := find(t, families, name, labels...).GetHistogram()
		times := uint64(1)
		if labels[0] == "endpoint" {
			times = 2 // two versions with that label
		}
		if h.GetSampleCount() != 6*times || h.GetSampleSum() != 60*float64(times) || len(h.GetBucket()) != len(gateway.LatencyBounds)+1 {
			t.Errorf("%s: %v", name, h)
		}
		for i, bucket := range h.GetBucket() {
			bound, want := math.Inf(1), 6*times
			if i < len(gateway.LatencyBounds) {
				bound, want = gateway.LatencyBounds[i], 5*times
			}
			if i < 3 {
				want = 0
			}
			if bucket.GetUpperBound() != bound || bucket.GetCumulativeCount() != want {
				t.Errorf("%s: bucket %d is %v", name, i, bucket)
			}
		}
	}
}

// The conventions of Prometheus: what is what can be told by the name.
func TestNamesFollowTheConventions(t *testing.T) {
	kinds := map[dto.MetricType]int{}
	for name, family := range exposed(t, sample, More{}) {
		kinds[family.GetType()]++
		if !regexp.MustCompile(`^edge_gateway_[a-z][a-z_]*[a-z]$`).MatchString(name) {
			t.Errorf("name %s", name)
		}
		if !strings.HasSuffix(family.GetHelp(), ".") {
			t.Errorf("%s: help %q", name, family.GetHelp())
		}
		if counter := family.GetType() == dto.MetricType_COUNTER; counter != strings.HasSuffix(name, "_total") {
			t.Errorf("%s is a %s", name, family.GetType())
		}
		if family.GetType() == dto.MetricType_HISTOGRAM && !strings.HasSuffix(name, "_seconds") {
			t.Errorf("%s has no unit", name)
		}
		if family.GetType() == dto.MetricType_UNTYPED {
			t.Errorf("%s has no type", name)
		}
	}
	if kinds[dto.MetricType_COUNTER] < 5 || kinds[dto.MetricType_GAUGE] < 10 || kinds[dto.MetricType_HISTOGRAM] != 2 {
		t.Error(kinds)
	}
}

// However many versions are deployed, the number of samples has a bound.
func TestVersionsDoNotMakeEverMoreSamples(t *testing.T) {
	var a Accumulator
	var total gateway.Report
	const deploys = 500
	for i := range deploys {
		total = a.add(gateway.Report{Started: time.Unix(int64(i/100), 0), Endpoints: []gateway.EndpointReport{{Name: "e", Versions: []gateway.VersionReport{
			{Version: fmt.Sprintf("%064d", i), Role: gateway.Current, Requests: map[int]uint64{200: 1}},
		}}}})
	}
	families := exposed(t, total, More{})
	samples := families["edge_gateway_requests_total"].GetMetric()
	sum := 0.0
	for _, s := range samples {
		sum += s.GetCounter().GetValue()
	}
	if len(samples) > VersionsMost+1 || sum != deploys {
		t.Errorf("%d samples with a sum of %g", len(samples), sum)
	}
	if n := len(a.endpoints["e"].versions); n > VersionsMost {
		t.Errorf("%d versions are remembered", n)
	}
}
