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

// TestOneServer has the tests that leave the server as it was.
func TestOneServer(t *testing.T) {
	server := servertest.Postgres(t, "deadlock_timeout=100ms")
	t.Run("suite", func(t *testing.T) {
		sqltest.Suite(t, func(t *testing.T, change ...func(*service.Spec)) *sql.Service {
			return start(t, server.URL(), change...)
		})
	})
	for name, test := range map[string]func(*testing.T, *servertest.PostgresServer){
		"types": types, "cut connections": cutConnections, "a commit that is cut has an unknown outcome": aCommitThatIsCutHasAnUnknownOutcome,
		"wrong password and secrets": wrongPasswordAndSecrets, "a deadline keeps the connection": aDeadlineKeepsTheConnection,
		"peak connections are the workers": peakConnectionsAreTheWorkers, "conflicts between transactions": conflictsBetweenTransactions,
		"nothing stays in a transaction": nothingStaysInATransaction, "a panic harms nobody else": aPanicHarmsNobodyElse,
	} {
		t.Run(name, func(t *testing.T) { test(t, server) })
		observe(t, server).wait(ours, 0) // no connection is left
	}
}
