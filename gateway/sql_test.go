package gateway_test

import (
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/postgres"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/sqlite"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/sqltest"
)

// asking serves the handler that uses a database, at /{how}.
func asking(t *testing.T, s *sql.Service, timeout time.Duration) (address string) {
	e := endpoint("sql", "/{how}", build(t, "testdata/handlers/sql"))
	e.Limits = gateway.Limits{Timeout: timeout}
	_, address = start(t, gateway.Options{Services: map[string]abi.Service{abi.SQLID: s}}, gateway.Snapshot{Endpoints: []gateway.Endpoint{e}})
	return address
}

const sqlReport = `
create 0 affected 0
insert 0 affected 1
insert 0 affected 1
insert -17 said at 0 23505
select 0 affected 0 (-7,1,1.5,'a',#2,1700000000000001,'[1]') (1,null,null,'',#0,null,null)
one 0 affected 0 (-7,-7)
batch 0 affected 2 affected 0 (2)
bad batch -18 said at 2 42703
list 0
list 0 affected 2
list 0 affected 0 (0)
list 0
list 0 affected 0 (2)
page 0 affected 0 (-7) and more
next 0 affected 0 (1)
over -15 said at 0
close -15 said at 0
commit -15 said at 0
type -2 said at 0
NUL -2 said at 0
hollow -2 said at 0
no params -2 said at 0
flag -2 said at 0
small -2 said at 0
nothing -2 said at 0
code -3 said at 0
no statement -2 said at 0
too many -2 said at 0
isolation -2 said at 0
drop 0 affected 0
`

// TestSQLFromC runs every operation from a library, those that break a rule
// too, and a request that is stuck in a transaction.
func TestSQLFromC(t *testing.T) {
	for driver, open := range map[string]func(t *testing.T) *sql.Service{
		"sqlite": func(t *testing.T) *sql.Service {
			return sqltest.Start(t, sqlite.Open, sqltest.Spec("sqlite", nil), t.TempDir())
		},
		"postgres": func(t *testing.T) *sql.Service {
			return sqltest.Start(t, postgres.Open, sqltest.Spec("postgres", config.Options{"url": config.Hidden(servertest.Postgres(t).URL())}), "")
		},
	} {
		t.Run(driver, func(t *testing.T) {
			s := open(t)
			address := asking(t, s, 20*time.Second)
			if r := get(t, address, "/scenario"); "\n"+string(r.Body) != sqlReport {
				t.Errorf("%d\n%s", r.Status, r.Body)
			}
			// Answered with 504, it holds the database no longer, though it is
			// still in its native code.
			c := sqltest.Background(t, s)
			c.Must("create table held (id integer primary key)")
			if r := get(t, asking(t, s, 200*time.Millisecond), "/stuck"); r.Status != 504 {
				t.Errorf("%d", r.Status)
			}
			begin := time.Now()
			c.Must("insert into held values (1)")
			if took := time.Since(begin); took > time.Second {
				t.Errorf("others waited for %s", took)
			}
		})
	}
}
