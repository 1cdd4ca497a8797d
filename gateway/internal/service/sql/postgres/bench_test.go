package postgres_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/sqltest"
)

const benchQuery = "select id, v from bench where id = $1"

// BenchmarkSelect is a row by its primary key, 8 at a time, through the service
// and with pgx alone.
func BenchmarkSelect(b *testing.B) {
	server := servertest.Postgres(b)
	s := start(b, server.URL(), func(s *service.Spec) { s.Workers = 8 })
	c := sqltest.Background(b, s)
	c.Must("create table bench (id bigint primary key, v text)")
	c.Must("insert into bench values (1, 'hello world')")
	b.Run("service", func(b *testing.B) {
		b.ReportAllocs()
		b.SetParallelism(4)
		b.RunParallel(func(p *testing.PB) {
			done := make(chan error, 1)
			for p.Next() {
				s.Submit(service.Call{}, sql.Do(benchQuery, sql.Int64(1)), func(_ sql.Result, err error) { done <- err })
				if err := <-done; err != nil {
					b.Error(err)
				}
			}
		})
	})
	b.Run("pgx", func(b *testing.B) {
		b.ReportAllocs()
		b.SetParallelism(4)
		b.RunParallel(func(p *testing.PB) {
			conn, err := pgx.Connect(context.Background(), server.URL())
			if err != nil {
				b.Error(err)
				return
			}
			defer conn.Close(context.Background())
			for p.Next() {
				var id int64
				var v string
				if err := conn.QueryRow(context.Background(), benchQuery, int64(1)).Scan(&id, &v); err != nil {
					b.Error(err)
				}
			}
		})
	})
}
