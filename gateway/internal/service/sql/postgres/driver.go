// Package postgres is the SQL database PostgreSQL.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

// cancelTime is how long a statement that was canceled may take to end before
// its connection is given up.
const cancelTime = 500 * time.Millisecond

// Open makes the service. It does not connect.
func Open(spec service.Spec, env service.Env) (service.Service, error) {
	d, err := newDriver(spec)
	if err != nil {
		return nil, err
	}
	return sql.New(spec, env, d), nil
}

type driver struct {
	config         *pgx.ConnConfig
	connectTimeout time.Duration

	mu    sync.Mutex
	types map[uint32]string // names of types that pgx does not know, by their ids
}

var sslModes = []string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}

// urlFault says what is wrong with a url, and nothing of what is in it.
func urlFault(text string) error {
	if u, err := url.Parse(text); err == nil && u.Query().Has("sslmode") && !slices.Contains(sslModes, u.Query().Get("sslmode")) {
		return fmt.Errorf("sslmode of the url must be one of %s", strings.Join(sslModes, ", "))
	}
	return errors.New(`the url is not one of PostgreSQL: it looks like "postgres://user:password@host:5432/database"`)
}

func newDriver(spec service.Spec) (*driver, error) {
	config, err := pgx.ParseConfig(spec.Options.Secret("url").Reveal())
	if err != nil {
		// What the parser says may hold parts of the url, with the password.
		return nil, urlFault(spec.Options.Secret("url").Reveal())
	}
	if password := spec.Options.Secret("password").Reveal(); password != "" {
		config.Password = password
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "edge-gateway"
	}
	config.RuntimeParams["datestyle"] = "ISO"
	config.DialFunc = (&net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3},
	}).DialContext
	config.OnNotification = func(*pgconn.PgConn, *pgconn.Notification) {} // pgx would keep them
	config.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: cancelTime}
	}
	return &driver{config: config, connectTimeout: spec.Options.Duration("connect_timeout"), types: map[uint32]string{}}, nil
}

func (*driver) Dialect() string { return "postgres" }
func (*driver) OneWriter() bool { return false }

// Connect opens a connection.
func (d *driver) Connect(ctx context.Context, _ sql.Role) (sql.Conn, error) {
	c := &conn{driver: d}
	if err := c.open(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

func (d *driver) typeName(oid uint32) (string, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	name, ok := d.types[oid]
	return name, ok
}

func (d *driver) setTypeName(oid uint32, name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.types[oid] = name
}
