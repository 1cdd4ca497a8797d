package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// stale asks the server, if the connection has not been used for a while.
func stale(ctx context.Context, pg *pgconn.PgConn, idle time.Duration) bool {
	return idle > time.Second && pg.Ping(ctx) != nil
}
