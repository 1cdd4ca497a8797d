package gateway_test

import (
	"sync/atomic"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/corpus"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

func TestNothingThatTwoServersReadInTwoWaysReachesAHandler(t *testing.T) {
	var ran atomic.Int64
	all := function("all", "/{all:*}", func(*edge.Request) (*edge.Response, error) {
		ran.Add(1)
		return edge.Text(200, "ok"), nil
	})
	_, addr := start(t, gateway.Options{HeaderLimit: 16 << 10}, gateway.Snapshot{Endpoints: []gateway.Endpoint{all}})
	corpus.Check(t, addr, func() int { return int(ran.Load()) })
}
