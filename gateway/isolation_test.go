package gateway_test

import (
	"math"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

func TestIsolationIsCheckedBeforeAnythingIsLoaded(t *testing.T) {
	g, err := gateway.New(gateway.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Shutdown(t.Context())
	function := func(*edge.Request) (*edge.Response, error) { return edge.Text(200, ""), nil }
	for _, test := range []struct {
		endpoint gateway.Endpoint
		says     string
	}{
		{gateway.Endpoint{Isolated: true, Handler: function}, "cannot run in a process of its own"},
		{gateway.Endpoint{Process: gateway.ProcessLimits{Memory: -1}}, "must not be negative"},
		{gateway.Endpoint{Process: gateway.ProcessLimits{CPU: -1}}, "must not be negative"},
		{gateway.Endpoint{Process: gateway.ProcessLimits{CPU: math.NaN()}}, "must not be negative"},
		{gateway.Endpoint{Process: gateway.ProcessLimits{CPU: math.Inf(1)}}, "must not be negative"},
		{gateway.Endpoint{Process: gateway.ProcessLimits{Files: -1}}, "must not be negative"},
	} {
		e := test.endpoint
		e.Name, e.Path = "a", "/a"
		if err := g.Apply(t.Context(), gateway.Snapshot{Endpoints: []gateway.Endpoint{e}}); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%+v: %v, want %q", e, err, test.says)
		}
	}
}
