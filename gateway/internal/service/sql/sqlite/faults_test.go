package sqlite_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/sqlite"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/sqltest"
)

func start(t testing.TB, path string, change ...func(*service.Spec)) *sql.Service {
	t.Helper()
	return sqltest.Start(t, sqlite.Open, sqltest.Spec("sqlite", config.Options{"path": path}, change...), "")
}

func TestSettings(t *testing.T) {
	dir := t.TempDir()
	s := sqltest.Start(t, sqlite.Open, sqltest.Spec("sqlite", nil), dir)
	c := sqltest.Background(t, s)
	c.Must("create table t (id integer primary key)")
	if _, err := os.Stat(filepath.Join(dir, "database.sqlite")); err != nil {
		t.Error(err)
	}
	db, err := sqlite3.Open(filepath.Join(dir, "database.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	stmt, _, err := db.Prepare("pragma journal_mode")
	if err != nil {
		t.Fatal(err)
	}
	defer stmt.Close()
	if !stmt.Step() || stmt.ColumnText(0) != "wal" {
		t.Errorf("journal mode %q", stmt.ColumnText(0))
	}
	for _, text := range []string{
		"pragma journal_mode = delete", "pragma synchronous = off", "pragma foreign_keys = off", "pragma query_only = off",
		"attach '" + dir + "/other' as other", "vacuum into '" + dir + "/copy'", "savepoint a", "begin", "select load_extension('x')",
	} {
		for range 3 {
			if _, err := c.Try(text); err == nil {
				t.Errorf("%s: taken", text)
			}
		}
	}
	for _, text := range []string{"pragma user_version = 7", "pragma table_info(t)", "pragma integrity_check", "vacuum", "analyze"} {
		if _, err := c.Try(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if n := c.Number("pragma user_version"); n != 7 {
		t.Errorf("user_version %d", n)
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "database.sqlite") {
			t.Errorf("a statement made %s", e.Name())
		}
	}
}

func TestValuesOfLooseTables(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), "db"))
	c := sqltest.Background(t, s)
	c.Must("create table loose (b boolean, t timestamp default current_timestamp, j json, i integer, s text, any)")
	c.Must("insert into loose (b, j, i, s, any) values (2, 5, 'word', cast(x'ff' as text), 1.5)")
	r := c.Must("select b, t, j, i, s, any from loose")
	want := []sql.Type{sql.Int64Type, sql.TimestampType, sql.JSONType, sql.TextType, sql.BytesType, sql.Float64Type}
	for n, v := range r.Values {
		if v.Type != want[n] || r.Columns[n].Type != want[n] {
			t.Errorf("column %s: %+v of type %d, want %d", r.Columns[n].Name, v, r.Columns[n].Type, want[n])
		}
	}
	if took := time.Since(r.Values[1].Time()); took < 0 || took > time.Minute {
		t.Errorf("current_timestamp is %s", r.Values[1].Time())
	}
	c.Must("insert into loose (i) values (1)")
	if r := c.Must("select i from loose"); r.Columns[0].Type != sql.NullType {
		t.Errorf("a column with texts and numbers has the type %d", r.Columns[0].Type)
	}
	c.Must("create table strict (i integer) strict")
	_, err := c.Try("insert into strict values ($1)", sql.Text("word"))
	sqltest.Want(t, err, abi.ErrRefused, "42804")
	_, err = c.Try(`select "typo"`)
	sqltest.Want(t, err, abi.ErrRefused, "42703")
}

func TestReadersGoOnBesideTheWriter(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), "db"))
	c := sqltest.Background(t, s)
	c.Must("create table t (id integer primary key)")
	writer := sqltest.Request(t, s)
	writer.Op(sql.OpBegin)
	writer.Must("insert into t values (1)")
	var waits []func() (sql.Result, error)
	c.Deadline = 3 * time.Second
	for range 3 {
		waits = append(waits, c.Send(sql.Do(sqltest.Slow(s))))
	}
	for begin := time.Now(); s.Stats().Busy < 4 || s.Stats().Connections < 4; time.Sleep(time.Millisecond) {
		if time.Since(begin) > 2*time.Second {
			t.Fatalf("%d of 4 workers work", s.Stats().Busy)
		}
	}
	writer.Must("insert into t values (2)") // beside three readers
	writer.Op(sql.OpCommit)
	for _, wait := range waits {
		_, err := wait()
		sqltest.Want(t, err, abi.ErrDeadline, "")
	}
	c.Deadline = 0
	if n := c.Number("select count(*) from t"); n != 2 {
		t.Errorf("%d rows", n)
	}
}

func TestLockedByAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := start(t, path)
	c := sqltest.Background(t, s)
	c.Must("create table t (id integer primary key)")
	other, err := sqlite3.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := other.Exec("begin immediate"); err != nil {
		t.Fatal(err)
	}
	c.Deadline = 200 * time.Millisecond
	begin := time.Now()
	_, err = c.Try("insert into t values (1)")
	sqltest.Want(t, err, abi.ErrDeadline, "")
	_, err = c.Do(sql.Request{Op: sql.OpBatch, Statements: []sql.Statement{{Text: "insert into t values (1)"}}})
	if status := service.ErrorOf(err).Status; status != abi.ErrUnknown && status != abi.ErrDeadline {
		t.Errorf("%v", err)
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("answered after %s", took)
	}
	c.Must("select count(*) from t") // readers go on
	c.Deadline = 0
	wait := c.Send(sql.Do("insert into t values (2)"))
	if err := other.Exec("commit"); err != nil {
		t.Fatal(err)
	}
	if _, err := wait(); err != nil {
		t.Error(err)
	}
	if n := c.Number("select count(*) from t"); n != 1 {
		t.Errorf("%d rows", n)
	}
}

func TestFilesThatCannotBeUsed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "db")
	s := start(t, path)
	c := sqltest.Background(t, s)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := c.Try("select 1")
	sqltest.Want(t, err, abi.ErrUnavailable, "")
	if s.Probe(t.Context()) == nil {
		t.Error("the probe went well")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("this is no database", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = c.Try("select 1")
	sqltest.Want(t, err, abi.ErrUnavailable, "XX001")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	c.Must("create table t (id integer)")
	if err := s.Probe(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("a small disk cannot be mounted: %s", out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", dir).Run() })
	s := start(t, filepath.Join(dir, "db"))
	c := sqltest.Background(t, s)
	c.Must("create table t (id integer primary key, v blob)")
	c.Must("insert into t values (0, $1)", sql.Bytes([]byte("kept")))
	var err error
	for n := 1; err == nil && n < 100; n++ {
		_, err = c.Try("insert into t values ($1, $2)", sql.Int64(int64(n)), sql.Bytes(make([]byte, 50_000)))
	}
	sqltest.Want(t, err, abi.ErrRefused, "53100")
	if r := c.Must("select v from t where id = 0"); r.Values[0].Text() != "kept" {
		t.Errorf("%+v", r)
	}
	request := sqltest.Request(t, s)
	request.Op(sql.OpBegin)
	_, err = request.Try("insert into t values ($1, $2)", sql.Int64(1000), sql.Bytes(make([]byte, 500_000)))
	if err == nil {
		_, err = request.Do(sql.Request{Op: sql.OpCommit})
	}
	sqltest.Want(t, err, abi.ErrRefused, "53100")
	request.End()
	if n := c.Number("select count(*) from t where id = 1000"); n != 0 {
		t.Error("a row that was refused is there")
	}
	if out, err := exec.Command("mount", "-o", "remount,size=16m", dir).CombinedOutput(); err != nil {
		t.Fatalf("%s", out)
	}
	c.Must("insert into t values (2000, $1)", sql.Bytes(make([]byte, 500_000))) // and it goes on
}

// What the child process finds in its environment.
const (
	childPath   = "EDGE_GATEWAY_TEST_SQLITE_CHILD"
	childTraced = "EDGE_GATEWAY_TEST_SQLITE_TRACED"
)

// TestChild is the process that TestKilled kills, and that TestSynced traces.
func TestChild(t *testing.T) {
	path := os.Getenv(childPath)
	if path == "" {
		t.Skip("runs as a child of TestKilled")
	}
	s := start(t, path)
	c := sqltest.Background(t, s)
	c.Must("create table if not exists t (id integer primary key autoincrement, v text)")
	var all sync.WaitGroup
	var mu sync.Mutex
	clients, rows := 4, 10_000
	if os.Getenv(childTraced) != "" {
		clients, rows = 1, 5
	}
	for range clients {
		all.Go(func() {
			for range rows {
				r, err := c.Try("insert into t (v) values ('x')")
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				fmt.Printf("row %d\n", r.LastID)
				mu.Unlock()
			}
		})
	}
	all.Wait()
}

func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	acknowledged := map[int64]bool{}
	for round := range 5 {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestChild$")
		cmd.Env = append(os.Environ(), childPath+"="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		rows := 0
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if id, ok := strings.CutPrefix(lines.Text(), "row "); ok {
				n, _ := strconv.ParseInt(id, 10, 64)
				acknowledged[n] = true
				if rows++; rows == 50+37*round {
					_ = cmd.Process.Kill()
				}
			}
		}
		_ = cmd.Wait()
		if rows < 50 {
			t.Fatalf("round %d: %d rows", round, rows)
		}
		s := start(t, path)
		r := sqltest.Background(t, s).Must("select id from t order by id desc limit 1000")
		there := map[int64]bool{}
		for n := range r.RowCount {
			there[r.Row(n)[0].Int64()] = true
		}
		for id := range acknowledged {
			if !there[id] {
				t.Errorf("round %d: row %d was acknowledged and is lost", round, id)
			}
		}
	}
}

func BenchmarkSelect(b *testing.B) {
	s := start(b, filepath.Join(b.TempDir(), "db"))
	c := sqltest.Background(b, s)
	c.Must("create table t (id integer primary key, v text)")
	c.Must("insert into t values (1, 'hello world')")
	b.ReportAllocs()
	for b.Loop() {
		c.Must("select id, v from t where id = $1", sql.Int64(1))
	}
}

func BenchmarkInsert(b *testing.B) {
	s := start(b, filepath.Join(b.TempDir(), "db"))
	c := sqltest.Background(b, s)
	c.Must("create table t (id integer primary key, v text)")
	b.ReportAllocs()
	for b.Loop() {
		c.Must("insert into t (v) values ($1)", sql.Text("hello world"))
	}
}
