package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/sqltest"
)

// After a big value a connection is opened anew, which may fail.
func TestOpenedAnewAfterBigValues(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "folder")
	s := start(t, filepath.Join(folder, "db"), func(s *service.Spec) { s.Workers = 2 })
	c := sqltest.Background(t, s)
	big := sql.Bytes(make([]byte, 9<<20))
	c.Must("create table t (v blob)")
	request := sqltest.Request(t, s)
	request.Op(sql.OpBegin)
	request.Must("insert into t values ($1)", big)
	request.Must("insert into t values (null)") // not within the transaction
	request.Op(sql.OpCommit)
	if n := c.Number("select count(*) from t"); n != 2 {
		t.Errorf("%d rows", n)
	}
	c.Must("insert into t values ($1)", big)
	moved := folder + "-moved"
	if err := os.Rename(folder, moved); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, r := range []sql.Request{sql.Do("insert into t values (null)"), {Op: sql.OpBegin}, {Op: sql.OpBatch, Statements: []sql.Statement{{Text: "delete from t"}}}} {
		_, err := sqltest.Request(t, s).Do(r)
		sqltest.Want(t, err, abi.ErrUnavailable, "")
	}
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(moved, folder); err != nil {
		t.Fatal(err)
	}
	c.Must("insert into t values (null)")
	if n := c.Number("select count(*) from t"); n != 4 {
		t.Errorf("%d rows", n)
	}
}
