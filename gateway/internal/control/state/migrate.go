package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"

	"github.com/edge-gateway/edge-gateway/gateway/internal/durable"
	"github.com/edge-gateway/edge-gateway/gateway/internal/failpoint"
)

// application marks the database as a state: "EGst".
const application = 0x45477374

// prepare opens the database for writing, and brings its schema to the last of
// the steps.
func prepare(ctx context.Context, path string, steps []string) (_ *conn, err error) {
	c, err := dial(ctx, path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	c.db.SetInterrupt(ctx)
	// Until it is known that the file is ours, not even its log is touched.
	if _, err := c.db.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true); err != nil {
		return nil, err
	}
	version, err := c.version(path, len(steps))
	if err != nil {
		return nil, err
	}
	if _, err := c.db.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, false); err != nil {
		return nil, err
	}
	if err := c.exec(settings); err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	if version > 0 && version < len(steps) {
		if err := c.backUp(fmt.Sprintf("%s.backup-%d", path, version)); err != nil {
			return nil, fmt.Errorf("keep a copy of the state before it is migrated: %w", err)
		}
	}
	for ; version < len(steps); version++ {
		text := fmt.Sprintf("%s; PRAGMA user_version = %d; PRAGMA application_id = %d", steps[version], version+1, application)
		if err := c.transaction(ctx, "BEGIN IMMEDIATE", "COMMIT", func() error { return c.exec(text) }); err != nil {
			return nil, fmt.Errorf("migrate the state from schema %d to %d: %w", version, version+1, err)
		}
	}
	c.db.SetInterrupt(context.Background())
	// The names of the database and of its log.
	return c, durable.SyncDir(filepath.Dir(path))
}

// version is that of the schema; 0 for a new database.
func (c *conn) version(path string, known int) (int, error) {
	version, err := c.number("PRAGMA user_version")
	if err != nil {
		return 0, err
	}
	mark, err := c.number("PRAGMA application_id")
	if err != nil {
		return 0, err
	}
	tables, err := c.number("SELECT count(*) FROM sqlite_schema")
	switch {
	case err != nil:
		return 0, err
	case tables == 0 && version == 0 && mark == 0:
		return 0, nil
	case mark != application || version < 1:
		return 0, fmt.Errorf("%q is a database of another program; move it away, or choose another data directory", path)
	case version > int64(known):
		return 0, fmt.Errorf("%w: %q has schema %d, and this program knows those up to %d; start the newer program, or choose another data directory",
			ErrNewer, path, version, known)
	}
	return int(version), nil
}

// check reads all of the database, so that damage shows at the start and not in
// the middle of a change.
func (c *conn) check() error {
	return c.rows("PRAGMA quick_check(1)", func(s *sqlite3.Stmt) error {
		if said := s.ColumnText(0); said != "ok" {
			return fmt.Errorf("%w: %s", errDamaged, said)
		}
		return nil
	})
}

// backUp copies the database to a file, which is there whole or not at all.
func (c *conn) backUp(path string) error {
	temp := path + ".tmp"
	if err := os.Remove(temp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := makeFile(temp); err != nil { // with its mode: SQLite takes an empty file
		return err
	}
	if _, err := c.run("VACUUM INTO ?1", temp); err != nil {
		return err
	}
	failpoint.Reach("backup.written", path)
	f, err := os.OpenFile(temp, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	failpoint.Reach("backup.synced", path)
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	failpoint.Reach("backup.renamed", path)
	return durable.SyncDir(filepath.Dir(path))
}
