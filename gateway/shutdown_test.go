package gateway_test

import (
	"context"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// A service has up to 30 s to finish what it has, but not when whoever shuts
// the gateway down has no patience left.
func TestShutdownThatIsCutShortLeavesABusyServiceBehind(t *testing.T) {
	entered := make(chan struct{})
	g, address := start(t, gateway.Options{}, gateway.Snapshot{
		Services: []gateway.Service{{Name: "db", Kind: "sql", Timeout: 40 * time.Second}},
		Endpoints: []gateway.Endpoint{{
			Name: "slow", Path: "/", Services: map[string]string{"db": "db"}, Limits: gateway.Limits{Timeout: 40 * time.Second},
			Handler: func(r *edge.Request) (*edge.Response, error) {
				db, err := r.SQL("db")
				if err != nil {
					return nil, err
				}
				close(entered)
				_, err = db.QueryOne("with recursive c(n) as (select 1 union all select n + 1 from c where n < 1e12) select count(*) from c")
				return nil, err
			},
		}},
	})
	c, err := rawclient.Dial(address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go func() { _, _ = c.Do([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")) }()
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	begin := time.Now()
	if err := g.Shutdown(ctx); err == nil {
		t.Error("it says nothing of what was left behind")
	}
	if took := time.Since(begin); took > 15*time.Second {
		t.Errorf("it took %s", took)
	}
}
