package memory

import (
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache/cachetest"
)

func TestSuite(t *testing.T) {

	cachetest.Suite(t, func(t testing.TB) *cache.Service {
		return cachetest.Open(t, Open, service.Spec{Options: cachetest.Options("max_bytes", int64(64<<20))})
	})
}
