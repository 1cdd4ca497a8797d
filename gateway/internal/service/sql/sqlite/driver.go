// Package sqlite is the embedded SQL database: a file, with one connection that
// writes and others that read beside it.
package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

// Open makes the service. The file is made when it is first used.
func Open(spec service.Spec, env service.Env) (service.Service, error) {
	path := spec.Options.Text("path")
	if path == "" {
		path = filepath.Join(env.Dir, "database.sqlite")
	}
	return sql.New(spec, env, &driver{path: path, timeout: spec.Timeout}), nil
}

type driver struct {
	path    string
	timeout time.Duration

	mu sync.Mutex // held while a connection opens: the first one sets up the file
}

func (*driver) Dialect() string { return "sqlite" }
func (*driver) OneWriter() bool { return true }

// Connect opens the file, and makes it if it is not there yet.
func (d *driver) Connect(ctx context.Context, role sql.Role) (sql.Conn, error) {
	c := &conn{driver: d, role: role}
	if err := c.open(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// Settings of every connection. An acknowledged commit is on the disk (FULL),
// and what a handler writes in double quotes is a name, as the standard says.
const settings = `
	PRAGMA journal_mode = WAL;
	PRAGMA synchronous = FULL;
	PRAGMA foreign_keys = ON;
	PRAGMA trusted_schema = OFF;
	PRAGMA journal_size_limit = 67108864;
`

func (d *driver) open(ctx context.Context, role sql.Role) (*sqlite3.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	dir := filepath.Dir(d.path)
	_, statErr := os.Stat(d.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the database: %w", err)
	}
	db, err := sqlite3.OpenFlags(d.path, sqlite3.OPEN_READWRITE|sqlite3.OPEN_CREATE)
	if err != nil {
		return nil, problem(ctx, err)
	}
	db.SetInterrupt(ctx)
	if err := d.set(db, role); err != nil {
		_ = db.Close()
		return nil, problem(ctx, err)
	}
	if os.IsNotExist(statErr) {
		if err := syncFolder(dir); err != nil {
			_ = db.Close()
			return nil, fmt.Errorf("make the database file durable: %w", err)
		}
	}
	return db, nil
}

func (d *driver) set(db *sqlite3.Conn, role sql.Role) error {
	if err := db.BusyTimeout(d.timeout); err != nil {
		return err
	}
	for option, value := range map[sqlite3.DBConfig]bool{
		sqlite3.DBCONFIG_DQS_DML: false, sqlite3.DBCONFIG_DQS_DDL: false, sqlite3.DBCONFIG_DEFENSIVE: true,
	} {
		if _, err := db.Config(option, value); err != nil {
			return err
		}
	}
	if err := db.Exec(settings); err != nil {
		return err
	}
	if role == sql.Reader {
		return db.Exec("PRAGMA query_only = ON")
	}
	return nil
}
