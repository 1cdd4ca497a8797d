//go:build unix

package postgres_test

import (
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/sqltest"
)

func TestHung(t *testing.T) {
	server := servertest.Postgres(t)
	s := start(t, server.URL(), func(s *service.Spec) { s.Options["connect_timeout"] = time.Second })
	l := startLoad(t, s, 8, 300*time.Millisecond)
	l.progress(t)
	server.Hang()
	c := sqltest.Background(t, s)
	c.Deadline = 300 * time.Millisecond
	for range 5 {
		begin := time.Now()
		_, err := c.Try("select 1")
		if e := service.ErrorOf(err); e.Status != abi.ErrDeadline && e.Status != abi.ErrUnavailable {
			t.Errorf("%s: %s", e.Status, e.Message)
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("answered after %s", took)
		}
	}
	server.Continue()
	l.progress(t)
	l.end(t, time.Second, abi.ErrDeadline, abi.ErrUnavailable)
	o := observe(t, server)
	if n := o.number(ours); n > 4 {
		o.wait(ours, 4) // the hung ones end as soon as the server notices
	}
}
