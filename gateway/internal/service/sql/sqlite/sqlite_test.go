package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/sqlite"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/sqltest"
)

func TestSuite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "test.sqlite")
	sqltest.Suite(t, func(t *testing.T, change ...func(*service.Spec)) *sql.Service {
		return sqltest.Start(t, sqlite.Open, sqltest.Spec("sqlite", config.Options{"path": path}, change...), "")
	})
}

func TestAPanicHarmsNobodyElse(t *testing.T) {
	sqltest.Panics(t, sqlite.NewDriver(filepath.Join(t.TempDir(), "db")), sqltest.Spec("sqlite", nil))
}
