package admin

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

func TestProbesNeedNoKey(t *testing.T) {
	s := serve(t)
	if got := s.do("GET", "/healthz", "", "Authorization", ""); got.StatusCode != 200 || string(got.body) != "ok\n" {
		t.Errorf("%s %q", got.Status, got.body)
	}
	s.fake.ready = model.Readiness{NotReady: []model.NotReady{{Kind: "endpoint", Name: "orders", Reason: "no version"}}}
	got := s.do("GET", "/readyz", "", "Authorization", "")
	var r model.Readiness
	if err := json.Unmarshal(got.body, &r); err != nil || got.StatusCode != 503 || len(r.NotReady) != 1 || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s %s: %v", got.Status, got.body, err)
	}
	s.fake.ready = model.Readiness{Ready: true}
	if got := s.do("GET", "/readyz", "", "Authorization", ""); got.StatusCode != 200 || string(got.body) != `{"ready":true,"not_ready":[]}`+"\n" {
		t.Errorf("%s %s", got.Status, got.body)
	}
}

func TestMetricsAreForPrometheusAndForPeople(t *testing.T) {
	s := serve(t)
	if got := s.do("GET", "/metrics", ""); !strings.HasPrefix(got.Header.Get("Content-Type"), "text/plain; version=0.0.4") || !strings.Contains(string(got.body), "\nedge_gateway_log_lines_left_out_total 7\n") {
		t.Errorf("%s %v %s", got.Status, got.Header, got.body)
	}
	for _, sample := range []string{
		`edge_gateway_worker_crashes_total{endpoint="orders"} 2`, `edge_gateway_quarantined_versions{endpoint="orders"} 1`,
	} {
		if got := s.do("GET", "/metrics", ""); !strings.Contains(string(got.body), "\n"+sample+"\n") {
			t.Errorf("no %s in %s", sample, got.body)
		}
	}
	got := s.do("GET", v1+"/metrics", "")
	var m model.Metrics
	if err := json.Unmarshal(got.body, &m); err != nil || len(m.Bounds) == 0 || strings.Contains(string(got.body), "null") {
		t.Errorf("%s %s: %v", got.Status, got.body, err)
	}
}
