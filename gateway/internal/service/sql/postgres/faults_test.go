package postgres_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/postgres"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/sqltest"
)

// observer looks at the server beside the service.
type observer struct {
	t    *testing.T
	conn *pgx.Conn
}

func observe(t *testing.T, server *servertest.PostgresServer) *observer {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return &observer{t, conn}
}

func (o *observer) number(query string) (n int) {
	o.t.Helper()
	if err := o.conn.QueryRow(context.Background(), query).Scan(&n); err != nil {
		o.t.Fatal(err)
	}
	return n
}

// wait polls until a query gives a number.
func (o *observer) wait(query string, want int) {
	o.t.Helper()
	for begin := time.Now(); o.number(query) != want; time.Sleep(time.Millisecond) {
		if time.Since(begin) > 10*time.Second {
			o.t.Fatalf("%s: is not %d", query, want)
		}
	}
}

const ours = "select count(*) from pg_stat_activity where application_name = 'edge-gateway'"

// load asks all the time, and notes what does not go well.
type load struct {
	stop atomic.Bool
	all  sync.WaitGroup
	good atomic.Int64
	slow atomic.Int64 // nanoseconds, of the slowest

	mu   sync.Mutex
	errs map[abi.Status]string
}

func startLoad(t *testing.T, s *sql.Service, clients int, deadline time.Duration) *load {
	l := &load{errs: map[abi.Status]string{}}
	for range clients {
		l.all.Go(func() {
			c := sqltest.Background(t, s)
			c.Deadline = deadline
			for !l.stop.Load() {
				begin := time.Now()
				_, err := c.Try("select 1")
				took := int64(time.Since(begin))
				for slow := l.slow.Load(); took > slow && !l.slow.CompareAndSwap(slow, took); slow = l.slow.Load() {
				}
				if err == nil {
					l.good.Add(1)
					continue
				}
				e := service.ErrorOf(err)
				l.mu.Lock()
				l.errs[e.Status] = e.Message
				l.mu.Unlock()
			}
		})
	}
	return l
}

// progress waits until something more goes well, for at most 2 s.
func (l *load) progress(t *testing.T) {
	t.Helper()
	before := l.good.Load()
	for begin := time.Now(); l.good.Load() < before+20; time.Sleep(time.Millisecond) {
		if time.Since(begin) > 2*time.Second {
			t.Fatalf("nothing goes well within 2 s: %v", l.errs)
		}
	}
}

func (l *load) end(t *testing.T, slowest time.Duration, allowed ...abi.Status) {
	t.Helper()
	l.stop.Store(true)
	l.all.Wait()
	for _, status := range allowed {
		delete(l.errs, status)
	}
	for status, message := range l.errs {
		t.Errorf("%s: %s", status, message)
	}
	if took := time.Duration(l.slow.Load()); took > slowest {
		t.Errorf("one took %s", took)
	}
}

func TestKilledAndStartedAgain(t *testing.T) {
	server := servertest.Postgres(t)
	s := start(t, server.URL())
	goroutines := runtime.NumGoroutine()
	l := startLoad(t, s, 16, 2*time.Second)
	for range 3 {
		l.progress(t)
		server.Kill()
		server.Start()
		l.progress(t)
	}
	l.end(t, 3*time.Second, abi.ErrUnavailable)
	// Connections that died while nobody used them cost nobody an error.
	c := sqltest.Background(t, s)
	server.Kill()
	server.Start()
	for range 20 {
		c.Must("select 1")
	}
	for begin := time.Now(); runtime.NumGoroutine() > goroutines+8; time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > 10*time.Second {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), goroutines)
		}
	}
}

func TestDownAtStart(t *testing.T) {
	server := servertest.Postgres(t)
	server.Kill()
	s := start(t, server.URL())
	c := sqltest.Background(t, s)
	_, err := c.Try("select 1")
	sqltest.Want(t, err, abi.ErrUnavailable, "")
	if err := s.Probe(t.Context()); err == nil {
		t.Error("the probe went well")
	}
	if s.Stats().Fault == nil {
		t.Error("no fault is shown")
	}
	server.Start()
	c.Must("select 1")
	if err := s.Probe(t.Context()); err != nil {
		t.Error(err)
	}
	if s.Stats().Fault != nil {
		t.Error("a fault is still shown")
	}
}

func cutConnections(t *testing.T, server *servertest.PostgresServer) {
	proxy := servertest.NewProxy(t, server.Address)
	s := start(t, server.URLAt(proxy.Address))
	o := observe(t, server)
	c := sqltest.Request(t, s)
	plain := sqltest.Background(t, s)
	plain.Must("create table cut (id integer primary key)")

	wait := plain.Send(sql.Do("select pg_sleep(100)"))
	o.wait(ours+" and query like '%pg_sleep(100)%' and state = 'active'", 1)
	proxy.Cut()
	_, err := wait()
	sqltest.Want(t, err, abi.ErrUnavailable, "")
	plain.Must("select 1")

	c.Op(sql.OpBegin)
	c.Must("insert into cut values (1)")
	proxy.Cut()
	_, err = c.Try("insert into cut values (2)")
	sqltest.Want(t, err, abi.ErrUnavailable, "")
	_, err = c.Try("insert into cut values (3)")
	sqltest.Want(t, err, abi.ErrTxGone, "")
	_, err = c.Do(sql.Request{Op: sql.OpCommit})
	sqltest.Want(t, err, abi.ErrTxGone, "")
	if n := c.Number("select count(*) from cut"); n != 0 {
		t.Errorf("%d rows", n)
	}

	batch := plain.Send(sql.Request{Op: sql.OpBatch, Statements: []sql.Statement{{Text: "insert into cut values (4)"}, {Text: "select pg_sleep(101)"}}})
	// The server may not know yet that nobody waits for the sleep before this one.
	o.wait(ours+" and query like '%pg_sleep(101)%' and state = 'active'", 1)
	proxy.Cut()
	_, err = batch()
	sqltest.Want(t, err, abi.ErrUnknown, "")

	l := startLoad(t, s, 8, 2*time.Second)
	l.progress(t)
	for range 20 {
		proxy.Cut()
		l.progress(t)
	}
	l.end(t, 2*time.Second, abi.ErrUnavailable)
}

// slowCommit makes commits of the table take long, on the server.
func slowCommit(c *sqltest.Client) {
	c.Must("create table slow (id integer primary key)")
	c.Must("create function wait_long() returns trigger language plpgsql as $$ begin perform pg_sleep(100); return null; end $$")
	c.Must("create constraint trigger wait_long after insert on slow deferrable initially deferred for each row execute function wait_long()")
}

const committing = ours + " and query = 'commit' and state = 'active'"

func aCommitThatIsCutHasAnUnknownOutcome(t *testing.T, server *servertest.PostgresServer) {
	proxy := servertest.NewProxy(t, server.Address)
	s := start(t, server.URLAt(proxy.Address))
	o := observe(t, server)
	c := sqltest.Request(t, s)
	slowCommit(c)
	commit := sql.Request{Op: sql.OpCommit}

	c.Op(sql.OpBegin)
	c.Must("insert into slow values (1)")
	wait := c.Send(commit)
	o.wait(committing, 1)
	proxy.Cut()
	_, err := wait()
	sqltest.Want(t, err, abi.ErrUnknown, "")

	c.Op(sql.OpBegin)
	c.Must("insert into slow values (2)")
	c.Deadline = 200 * time.Millisecond
	begin := time.Now()
	_, err = c.Do(commit)
	sqltest.Want(t, err, abi.ErrUnknown, "")
	if took := time.Since(begin); took > time.Second {
		t.Errorf("answered after %s", took)
	}
	c.Deadline = 0

	// Held back on its way: it happens, after the answer.
	c.Must("create table quick (id integer primary key)")
	c.Op(sql.OpBegin)
	c.Must("insert into quick values (1)")
	proxy.Delay(300 * time.Millisecond)
	c.Deadline = 100 * time.Millisecond
	_, err = c.Do(commit)
	sqltest.Want(t, err, abi.ErrUnknown, "")
	proxy.Delay(0)
	c.Deadline = 0
	o.wait("select count(*) from pg_stat_activity where state like 'idle in transaction%'", 0)
	if n := o.number("select count(*) from quick"); n > 1 {
		t.Errorf("%d rows", n)
	}

	// A batch outside a transaction is one, too.
	c.Deadline = 200 * time.Millisecond
	_, err = c.Do(sql.Request{Op: sql.OpBatch, Statements: []sql.Statement{{Text: "insert into slow values (3)"}}})
	sqltest.Want(t, err, abi.ErrUnknown, "")
	c.Deadline = 0
	c.Must("select 1")
}

func wrongPasswordAndSecrets(t *testing.T, server *servertest.PostgresServer) {
	const wrong = "not-the-pass-0815"
	var said []string
	s := start(t, server.URL(), func(s *service.Spec) { s.Options["password"] = config.Hidden(wrong) })
	begin := time.Now()
	_, err := sqltest.Background(t, s).Try("select 1")
	e := sqltest.Want(t, err, abi.ErrRefused, "28P01")
	said = append(said, e.Message, fmt.Sprintf("%+v", e), s.Probe(t.Context()).Error(), s.Stats().Fault.Error())
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("answered after %s", took)
	}
	for _, url := range []string{"postgres://gateway:" + wrong + "@127.0.0.1:notaport/x", "postgres://gateway:" + wrong + "@[::1/x", "user=x password='" + wrong} {
		_, err := postgres.Open(spec(url), service.Env{})
		if err == nil {
			t.Errorf("%s was taken", url)
			continue
		}
		said = append(said, err.Error())
	}
	down := start(t, "postgres://gateway:"+wrong+"@127.0.0.1:1/x")
	_, err = sqltest.Background(t, down).Try("select 1")
	said = append(said, sqltest.Want(t, err, abi.ErrUnavailable, "").Message)
	for _, text := range said {
		if strings.Contains(text, wrong) || strings.Contains(text, servertest.PostgresPassword) || strings.Contains(text, "postgres://gateway:") {
			t.Errorf("a secret is told: %s", text)
		}
	}
	right := start(t, strings.Replace(server.URL(), servertest.PostgresPassword, wrong, 1), func(s *service.Spec) { s.Options["password"] = config.Hidden(servertest.PostgresPassword) })
	sqltest.Background(t, right).Must("select 1")
}

func aDeadlineKeepsTheConnection(t *testing.T, server *servertest.PostgresServer) {
	s := start(t, server.URL(), func(s *service.Spec) { s.Workers = 1 })
	c := sqltest.Background(t, s)
	before := c.Number("select pg_backend_pid()")
	for range 3 {
		c.Deadline = 50 * time.Millisecond
		begin := time.Now()
		_, err := c.Try("select pg_sleep(100)")
		sqltest.Want(t, err, abi.ErrDeadline, "")
		if took := time.Since(begin); took > 500*time.Millisecond {
			t.Errorf("answered after %s", took)
		}
		c.Deadline = 0
		if after := c.Number("select pg_backend_pid()"); after != before {
			t.Error("the connection was given up")
		}
	}
	o := observe(t, server)
	if n := o.number(ours + " and state = 'active'"); n != 0 {
		t.Errorf("%d queries still run", n)
	}
}

func peakConnectionsAreTheWorkers(t *testing.T, server *servertest.PostgresServer) {
	proxy := servertest.NewProxy(t, server.Address)
	s := start(t, server.URLAt(proxy.Address), func(s *service.Spec) { s.Workers = 6 })
	o := observe(t, server)
	var all sync.WaitGroup
	for range 60 {
		all.Go(func() {
			if _, err := sqltest.Background(t, s).Try("select pg_sleep(0.05)"); err != nil {
				t.Error(err)
			}
		})
	}
	o.wait(ours+" and state = 'active'", 6)
	all.Wait()
	if n := o.number(ours); n != 6 {
		t.Errorf("%d connections", n)
	}
	if _, most, total := proxy.Connections(); most != 6 || total != 6 {
		t.Errorf("%d connections at most, %d in all, want 6", most, total)
	}
}

func TestPoolExhausted(t *testing.T) {
	server := servertest.Postgres(t, "max_connections=3", "superuser_reserved_connections=0", "max_wal_senders=0")
	s := start(t, server.URL(), func(s *service.Spec) { s.Workers, s.Mailbox = 2, 2 })
	c := sqltest.Background(t, s)
	waits := []func() (sql.Result, error){c.Send(sql.Do("select pg_sleep(100)")), c.Send(sql.Do("select pg_sleep(100)"))}
	_ = waits
	for begin := time.Now(); s.Stats().Busy < 2; time.Sleep(time.Millisecond) {
		if time.Since(begin) > 5*time.Second {
			t.Fatal("not busy")
		}
	}
	c.Deadline = 100 * time.Millisecond
	queued := []func() (sql.Result, error){c.Send(sql.Do("select 1")), c.Send(sql.Do("select 1"))}
	begin := time.Now()
	_, err := c.Try("select 1")
	sqltest.Want(t, err, abi.ErrOverloaded, "")
	if took := time.Since(begin); took > 50*time.Millisecond {
		t.Errorf("refused after %s", took)
	}
	for _, wait := range queued {
		_, err := wait()
		sqltest.Want(t, err, abi.ErrDeadline, "")
	}
	// The server has no connection left.
	o := observe(t, server)
	other := start(t, server.URL())
	_, err = sqltest.Background(t, other).Try("select 1")
	sqltest.Want(t, err, abi.ErrUnavailable, "53300")
	o.number("select count(*) from (select pg_cancel_backend(pid) from pg_stat_activity where query like '%pg_sleep(100)%' and pid <> pg_backend_pid()) as q")
	for _, wait := range waits {
		_, err := wait()
		sqltest.Want(t, err, abi.ErrRefused, "57014")
	}
}

func conflictsBetweenTransactions(t *testing.T, server *servertest.PostgresServer) {
	s := start(t, server.URL())
	a, b := sqltest.Request(t, s), sqltest.Request(t, s)
	a.Must("create table accounts (id integer primary key, n integer)")
	a.Must("insert into accounts values (1, 0), (2, 0)")
	serializable := sql.Request{Op: sql.OpBegin, Options: sql.TxOptions{Isolation: sql.Serializable}}
	for _, c := range []*sqltest.Client{a, b} {
		if _, err := c.Do(serializable); err != nil {
			t.Fatal(err)
		}
		c.Must("select sum(n) from accounts")
	}
	a.Must("update accounts set n = n + 1 where id = 1")
	b.Must("update accounts set n = n + 1 where id = 2")
	a.Op(sql.OpCommit)
	_, err := b.Do(sql.Request{Op: sql.OpCommit})
	sqltest.Want(t, err, abi.ErrConflict, "40001")

	a.Op(sql.OpBegin)
	b.Op(sql.OpBegin)
	a.Must("update accounts set n = 1 where id = 1")
	b.Must("update accounts set n = 2 where id = 2")
	waits := []func() (sql.Result, error){a.Send(sql.Do("update accounts set n = 1 where id = 2")), b.Send(sql.Do("update accounts set n = 2 where id = 1"))}
	conflicts := 0
	for _, wait := range waits {
		if _, err := wait(); err != nil {
			sqltest.Want(t, err, abi.ErrConflict, "40P01")
			conflicts++
		}
	}
	if conflicts != 1 {
		t.Errorf("%d of two were sacrificed", conflicts)
	}
}

func nothingStaysInATransaction(t *testing.T, server *servertest.PostgresServer) {
	s := start(t, server.URL(), func(s *service.Spec) { s.Options["tx_idle"] = 100 * time.Millisecond })
	o := observe(t, server)
	const open = "select count(*) from pg_stat_activity where state like 'idle in transaction%'"
	for _, end := range []func(*sqltest.Client){func(c *sqltest.Client) { c.End() }, func(*sqltest.Client) {}} {
		var clients []*sqltest.Client
		for range 3 {
			c := sqltest.Request(t, s)
			c.Op(sql.OpBegin)
			clients = append(clients, c)
		}
		for _, c := range clients {
			end(c)
		}
		o.wait(open, 0)
	}
}

func aPanicHarmsNobodyElse(t *testing.T, server *servertest.PostgresServer) {
	spec := spec(server.URL())
	driver, err := postgres.NewDriver(spec)
	if err != nil {
		t.Fatal(err)
	}
	sqltest.Panics(t, driver, spec)
}
