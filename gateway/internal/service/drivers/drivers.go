// Package drivers opens services by kind and driver.
package drivers

import (
	"fmt"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache/memcached"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache/memory"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache/redis"
	maildir "github.com/edge-gateway/edge-gateway/gateway/internal/service/email/directory"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email/smtp"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/fetch"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/postgres"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/sqlite"
	storagedir "github.com/edge-gateway/edge-gateway/gateway/internal/service/storage/directory"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage/s3"
)

// open lists what [config.Kinds] describes.
var open = map[string]func(service.Spec, service.Env) (service.Service, error){
	"sql/sqlite":        sqlite.Open,
	"sql/postgres":      postgres.Open,
	"cache/memory":      memory.Open,
	"cache/memcached":   memcached.Open,
	"cache/redis":       redis.Open,
	"storage/directory": storagedir.Open,
	"storage/s3":        s3.Open,
	"email/directory":   maildir.Open,
	"email/smtp":        smtp.Open,
	"http/client":       fetch.Open,
}

// Open makes a service. It connects to nothing: a backend that is down gives
// errors, and recovers by itself.
func Open(spec service.Spec, env service.Env) (service.Service, error) {
	make, ok := open[spec.Kind+"/"+spec.Driver]
	if !ok {
		return nil, fmt.Errorf("there is no driver %q for kind %q", spec.Driver, spec.Kind)
	}
	return make(spec, env)
}
