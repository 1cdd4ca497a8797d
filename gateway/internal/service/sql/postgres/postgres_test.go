package postgres_test

import (
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/postgres"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/sqltest"
)

func spec(url string, change ...func(*service.Spec)) service.Spec {
	return sqltest.Spec("postgres", config.Options{"url": config.Hidden(url)}, change...)
}

func start(t testing.TB, url string, change ...func(*service.Spec)) *sql.Service {
	t.Helper()
	return sqltest.Start(t, postgres.Open, spec(url, change...), "")
}

func TestSuite(t *testing.T) {
	server := servertest.Postgres(t)
	sqltest.Suite(t, func(t *testing.T, change ...func(*service.Spec)) *sql.Service {
		return start(t, server.URL(), change...)
	})
}
