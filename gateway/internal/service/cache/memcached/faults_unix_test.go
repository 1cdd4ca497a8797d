//go:build unix

package memcached

import (
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache/cachetest"
)

func TestFaults(t *testing.T) {
	cachetest.Faults(t, cachetest.Backend{
		Server: servertest.Memcached(t),
		Open: func(t testing.TB, address string, spec service.Spec) *cache.Service {
			spec.Options = cachetest.Options("servers", []string{address}, "prefix", t.Name()+":")
			return cachetest.Open(t, Open, spec)
		},
	})
}
