package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// living is a gateway whose handler has a database alone, at /db/{how}.
type living struct {
	*gateway.Gateway
	address  string
	snapshot gateway.Snapshot
	upstream func()
}

func onSQLite(path string) gateway.Service {
	return gateway.Service{Name: "db", Kind: "sql", Options: config.Options{"path": path}}
}

func onPostgres(server *servertest.PostgresServer) gateway.Service {
	return gateway.Service{Name: "db", Kind: "sql", Driver: "postgres", Workers: 3, Options: config.Options{"url": server.URL()}}
}

func live(t *testing.T, opts gateway.Options, db gateway.Service) *living {
	t.Helper()
	l := &living{}
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { l.upstream() }))
	t.Cleanup(server.Close)
	e := endpoint("db", "/db/{how}", build(t, "testdata/handlers/misuse"))
	e.Services = map[string]string{"db": "db", "web": "web"}
	e.Config = map[string]string{"url": server.URL}
	reset := gateway.Endpoint{Name: "reset", Path: "/reset", Handler: resetTables, Services: map[string]string{"db": "db"}}
	l.snapshot = gateway.Snapshot{Endpoints: []gateway.Endpoint{e, reset}, Services: []gateway.Service{db, {
		Name: "web", Kind: "http", Options: config.Options{"allow": []string{server.Listener.Addr().String()}, "allow_private": true},
	}}}
	l.Gateway, l.address = start(t, opts, l.snapshot)
	return l
}

// with applies the snapshot with another database.
func (l *living) with(t *testing.T, db gateway.Service) {
	t.Helper()
	l.snapshot.Services = append([]gateway.Service{db}, l.snapshot.Services[1:]...)
	if err := l.Apply(context.WithoutCancel(t.Context()), l.snapshot); err != nil {
		t.Error(err)
	}
}

// query has the handler ask the database: status and number.
func (l *living) query(text string) string {
	response, err := http.Post("http://"+l.address+"/db/query", "text/plain", strings.NewReader(text))
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 200 && response.StatusCode != 503 {
		return fmt.Sprint(response.StatusCode, err)
	}
	return string(body)
}

const (
	inactive = "-13 0" // EG_E_UNAVAILABLE
	insert   = "insert into note values (%d, 'note %[1]d', 1)"
	count    = "select count(*) from note"
)

func (l *living) wants(t *testing.T, text, want string) {
	t.Helper()
	if got := l.query(text); got != want {
		t.Errorf("%s: %s, want %s", text, got, want)
	}
}

func (l *living) reset(t *testing.T) {
	t.Helper()
	if r := get(t, l.address, "/reset"); r.Status != 200 {
		t.Fatal(r.Status)
	}
}

// replaced counts the instances of the handler that were replaced.
func (l *living) replaced(t *testing.T) int64 {
	t.Helper()
	s, err := l.Status("db")
	if err != nil {
		t.Fatal(err)
	}
	return s.Draining + s.Retained + s.Unloaded
}

// TestAnInactiveServiceIsATypedError in every language, and works once it is
// activated, with the same instance of the handler.
func TestAnInactiveServiceIsATypedError(t *testing.T) {
	d := embedded(t)
	s := serveScenarios(t, d)
	db := s.snapshot.Services[0]
	off := db
	off.Inactive = true
	refusal := "too few: error -13 at 0\ntoo many: error -13 at 0\ntable: error -13 at 0\nsyntax: error -13 at 0\nempty: error -13 at 0\nNUL: error -13 at 0\nJSON: error -13 at 0\n"
	for range 2 {
		s.replace(t, off)
		for _, f := range s.forms {
			if got := s.ask(t, f.path("sql-refused")); got != refusal {
				t.Errorf("%s: %s", f.name, got)
			}
		}
		s.replace(t, db)
		s.ask(t, "/reset")
		for _, f := range s.forms {
			if got := s.ask(t, f.path("sql-count")); got != "count: int 0\n" {
				t.Errorf("%s: %s", f.name, got)
			}
		}
	}
	for _, name := range []string{"c", "rust"} {
		if status, err := s.Status(name); err != nil || status.Draining+status.Retained+status.Unloaded != 0 {
			t.Errorf("%s: %+v, %v", name, status, err)
		}
	}
}

// locker holds a lock of PostgreSQL, so that queries for it wait.
type locker struct {
	t      *testing.T
	conn   *pgx.Conn
	server *servertest.PostgresServer
}

const lockQuery = "with l as materialized (select pg_advisory_lock_shared(1)) select 1 from l"

func lock(t *testing.T, server *servertest.PostgresServer) *locker {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	l := &locker{t, conn, server}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	l.exec("set application_name = 'outside'")
	l.exec("select pg_advisory_lock(1)")
	return l
}

func (l *locker) exec(text string) {
	l.t.Helper()
	if _, err := l.conn.Exec(context.WithoutCancel(l.t.Context()), text); err != nil {
		l.t.Fatal(err)
	}
}

func (l *locker) unlock() { l.exec("select pg_advisory_unlock(1)") }

// count counts the connections of others to the database.
func (l *locker) count(where string) (n string) {
	l.t.Helper()
	text := "select count(*)::text from pg_stat_activity where backend_type = 'client backend' and application_name <> 'outside' and " + where
	if err := l.conn.QueryRow(l.t.Context(), text).Scan(&n); err != nil {
		l.t.Fatal(err)
	}
	return n
}

const lockWait = "wait_event = 'advisory'"

// TestWorkersAreTheConnections: ten requests at a time, and never more than the
// three connections that the service may have.
func TestWorkersAreTheConnections(t *testing.T) {
	server := servertest.Postgres(t)
	l := live(t, gateway.Options{}, onPostgres(server))
	held := lock(t, server)
	answers := make(chan string, 10)
	for range cap(answers) {
		go func() { answers <- l.query(lockQuery) }()
	}
	becomes(t, func() string { return held.count(lockWait) }, "3")
	becomes(t, func() string { // the rest is in the mailbox
		for _, s := range l.ServiceStatuses() {
			if s.Name == "db" {
				return fmt.Sprint(s.Busy, s.Waiting, s.Connections)
			}
		}
		return ""
	}, "3 7 3")
	if n := held.count("true"); n != "3" {
		t.Errorf("%s connections", n)
	}
	held.unlock()
	for range cap(answers) {
		if got := <-answers; got != "0 1" {
			t.Error(got)
		}
	}
}

// TestAServiceThatIsTakenAwayFinishes: what is in flight ends well, what comes is
// refused, and its connections are closed afterwards.
func TestAServiceThatIsTakenAwayFinishes(t *testing.T) {
	server := servertest.Postgres(t)
	db := onPostgres(server)
	l := live(t, gateway.Options{}, db)
	held := lock(t, server)
	answer := make(chan string, 1)
	go func() { answer <- l.query(lockQuery) }()
	becomes(t, func() string { return held.count(lockWait) }, "1")
	off := db
	off.Inactive = true
	l.with(t, off)
	for range 3 {
		l.wants(t, "select 1", inactive)
	}
	if n := held.count(lockWait); n != "1" {
		t.Errorf("%s operations are under way", n)
	}
	held.unlock()
	if got := <-answer; got != "0 1" {
		t.Errorf("what was in flight: %s", got)
	}
	becomes(t, func() string { return held.count("true") }, "0")
	l.with(t, db)
	l.wants(t, "select 1", "0 1")
}

// TestADeadlineCancelsTheQuery: the database does not go on with what nobody
// waits for, and the connection is of use again.
func TestADeadlineCancelsTheQuery(t *testing.T) {
	server := servertest.Postgres(t)
	db := onPostgres(server)
	db.Workers = 2
	l := live(t, gateway.Options{}, db)
	l.snapshot.Endpoints[0].Limits.Timeout = 300 * time.Millisecond
	l.with(t, db)
	held := lock(t, server)
	for range 4 {
		if got := l.query(lockQuery); got != "504 <nil>" {
			t.Error(got)
		}
	}
	becomes(t, func() string { return held.count(lockWait) }, "0")
	l.wants(t, "select 1", "0 1")
	if n := held.count("true"); n != "1" && n != "2" {
		t.Errorf("%s connections for 2 workers", n)
	}
}

// TestTwoDatabasesByTwoNames: each name leads to its own database, and what an
// endpoint has no name for it cannot reach.
func TestTwoDatabasesByTwoNames(t *testing.T) {
	dir := t.TempDir()
	one := func(name string) gateway.Service {
		return gateway.Service{Name: name, Kind: "sql", Options: config.Options{"path": filepath.Join(dir, name)}}
	}
	library := build(t, "testdata/handlers/misuse")
	bound := func(name string, services map[string]string) gateway.Endpoint {
		e := endpoint(name, "/"+name+"/{how}", library)
		e.Services = services
		return e
	}
	both := func(r *edge.Request) (*edge.Response, error) {
		var out strings.Builder
		for _, name := range []string{"main", "replica", "orders-db"} {
			db, err := r.SQL(name)
			if err != nil {
				fmt.Fprintln(&out, err)
				continue
			}
			row, err := db.QueryOne("select count(*) from note")
			fmt.Fprintln(&out, row.Values, err)
		}
		return edge.Text(200, out.String()), nil
	}
	named := map[string]string{"main": "orders-db", "replica": "copy-db"}
	_, address := start(t, gateway.Options{}, gateway.Snapshot{
		Services: []gateway.Service{one("orders-db"), one("copy-db")},
		Endpoints: []gateway.Endpoint{
			{Name: "orders-reset", Path: "/orders-reset", Handler: resetTables, Services: map[string]string{"db": "orders-db"}},
			{Name: "copy-reset", Path: "/copy-reset", Handler: resetTables, Services: map[string]string{"db": "copy-db"}},
			bound("orders", map[string]string{"db": "orders-db"}), bound("copy", map[string]string{"db": "copy-db"}),
			bound("none", map[string]string{"other": "copy-db"}),
			{Name: "both", Path: "/both", Handler: both, Services: named},
		},
	})
	says(t, address, "/orders-reset", "")
	says(t, address, "/copy-reset", "")
	r, err := http.Post("http://"+address+"/orders/query", "text/plain", strings.NewReader(fmt.Sprintf(insert, 1)))
	if err != nil || r.StatusCode != 200 {
		t.Fatal(r, err)
	}
	_ = r.Body.Close()
	says(t, address, "/orders/count", "0 1")
	says(t, address, "/copy/count", "0 0")
	if r := get(t, address, "/none/count"); r.Status != 503 || string(r.Body) != "-4 0" {
		t.Errorf("without a binding: %d %s", r.Status, r.Body)
	}
	says(t, address, "/both", `[1] <nil>
[0] <nil>
service "orders-db": `+edge.ErrDenied.Error()+"\n")
}

// TestAReconfiguredServiceTakesTheTraffic, and a request goes on with the
// transaction that it has open at the old one.
func TestAReconfiguredServiceTakesTheTraffic(t *testing.T) {
	dir := t.TempDir()
	before, after := onSQLite(filepath.Join(dir, "before")), onSQLite(filepath.Join(dir, "after"))
	l := live(t, gateway.Options{}, after)
	l.reset(t)
	l.with(t, before)
	l.reset(t)
	l.wants(t, fmt.Sprintf(insert, 1), "0 0")

	// A request in the middle of a transaction, while the service is replaced.
	l.upstream = func() {
		l.with(t, after)
		l.wants(t, count, "0 0") // all others see the new one
	}
	says(t, l.address, "/db/hang", "0 0")
	l.wants(t, count, "0 0")
	l.with(t, before)
	l.wants(t, count, "0 2")
	if n := l.replaced(t); n != 0 {
		t.Errorf("%d instances of the handler were replaced", n)
	}

	// Other bindings are another instance.
	l.snapshot.Endpoints[0].Services = map[string]string{"db": "db", "web": "web", "more": "db"}
	l.with(t, before)
	if n := l.replaced(t); n != 1 {
		t.Errorf("%d instances of the handler were replaced, want 1", n)
	}
	l.wants(t, count, "0 2")
}

// TestAnApplyThatFailsLeavesServicesAsTheyWere, whatever it would have changed.
func TestAnApplyThatFailsLeavesServicesAsTheyWere(t *testing.T) {
	dir := t.TempDir()
	before, after := onSQLite(filepath.Join(dir, "before")), onSQLite(filepath.Join(dir, "after"))
	l := live(t, gateway.Options{}, before)
	l.reset(t)
	l.wants(t, fmt.Sprintf(insert, 1), "0 0")
	good := l.snapshot
	added := gateway.Service{Name: "added", Kind: "cache"}
	off := before
	off.Inactive = true
	broken := gateway.Endpoint{Name: "broken", Path: "/broken", Library: filepath.Join(dir, "missing.so"), Services: map[string]string{"cache": "added"}}
	for name, bad := range map[string]gateway.Snapshot{
		"another database, an endpoint without a library": {Services: []gateway.Service{after, good.Services[1], added}, Endpoints: append(good.Endpoints[:2:2], broken)},
		"no database, an endpoint without a library":      {Services: []gateway.Service{off, good.Services[1], added}, Endpoints: append(good.Endpoints[:2:2], broken)},
		"a service of no kind":                            {Services: []gateway.Service{after, good.Services[1], {Name: "x", Kind: "cobol"}}, Endpoints: good.Endpoints},
		"a driver without what it needs":                  {Services: []gateway.Service{after, good.Services[1], {Name: "x", Kind: "cache", Driver: "redis"}}, Endpoints: good.Endpoints},
		"a binding to nothing":                            {Services: []gateway.Service{good.Services[1]}, Endpoints: good.Endpoints},
	} {
		if err := l.Apply(t.Context(), bad); err == nil {
			t.Errorf("%s: no error", name)
		}
		if got := l.query(count); got != "0 1" {
			t.Errorf("%s: %s", name, got)
		}
	}
	for _, s := range l.ServiceStatuses() {
		if s.Active != (s.Name == "db" || s.Name == "web") {
			t.Errorf("%+v", s)
		}
	}
	if n := l.replaced(t); n != 0 {
		t.Errorf("%d instances of the handler were replaced", n)
	}
}

// TestServicesAreThereAfterARestart from the first request on, with all that
// was acknowledged before.
func TestServicesAreThereAfterARestart(t *testing.T) {
	dir := t.TempDir()
	services := []gateway.Service{
		{Name: "db", Kind: "sql"}, {Name: "files", Kind: "storage"}, mailing("directory", config.Options{}), {Name: "cache", Kind: "cache"},
	}
	work := func(r *edge.Request) (*edge.Response, error) {
		db, e1 := r.SQL("db")
		files, e2 := r.Storage("files")
		mail, e3 := r.Email("mail")
		if err := errors.Join(e1, e2, e3); err != nil {
			return nil, err
		}
		if r.Method == "POST" {
			_, e1 = db.Exec("insert into note values (1, 'kept', 1)")
			_, e2 = files.Put("kept", []byte("object"), edge.PutOptions{})
			id, e3 := mail.Send(edge.Message{To: []string{"a@example.com"}, Subject: "kept", Text: "mail"})
			return edge.Text(200, id), errors.Join(e1, e2, e3)
		}
		row, e1 := db.QueryOne("select title from note")
		object, e2 := files.Get("kept")
		state, e3 := mail.State(r.Query)
		if err := errors.Join(e1, e2, e3); err != nil {
			return nil, err
		}
		return edge.Text(200, fmt.Sprintf("%v %s %d", row.Values, object.Body, state.State)), nil
	}
	bound := map[string]string{"db": "db", "files": "files", "mail": "mail"}
	snapshot := gateway.Snapshot{Services: services, Endpoints: []gateway.Endpoint{
		{Name: "work", Path: "/work", Handler: work, Services: bound}, {Name: "reset", Path: "/reset", Handler: resetTables, Services: bound},
	}}
	g, address := start(t, gateway.Options{Dir: dir}, snapshot)
	says(t, address, "/reset", "")
	response, err := http.Post("http://"+address+"/work", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	id, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil || response.StatusCode != 200 {
		t.Fatal(response.StatusCode, err)
	}
	becomes(t, func() string { return string(get(t, address, "/work?"+string(id)).Body) }, "[kept] object 2")
	http.DefaultClient.CloseIdleConnections()
	if err := g.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, address = start(t, gateway.Options{Dir: dir}, snapshot)
	says(t, address, "/work?"+string(id), "[kept] object 2")
}

// TestBackendsComeAndGo: none of them is there when the gateway starts, which
// serves all the same; each is found as it comes, lost as it is killed, and found
// again, by the same instances.
func TestBackendsComeAndGo(t *testing.T) {
	pg, redis, s3 := servertest.Postgres(t), servertest.Redis(t), servertest.S3(t, "bucket")
	memcached := servertest.Memcached(t)
	pg.Kill()
	redis.Kill()
	s3.Kill()
	memcached.Kill()
	d := embedded(t)
	d.services = []gateway.Service{
		{Name: "db", Kind: "sql", Driver: "postgres", Options: config.Options{"url": pg.URL()}},
		{Name: "cache", Kind: "cache", Driver: "redis", Options: config.Options{"address": redis.Address}},
		{Name: "files", Kind: "storage", Driver: "s3", Options: config.Options{
			"endpoint": "http://" + s3.Address, "bucket": "bucket", "access_key": servertest.S3AccessKey, "secret_key": servertest.S3SecretKey,
		}},
		d.services[3],
		{Name: "second", Kind: "cache", Driver: "memcached", Options: config.Options{"servers": []string{memcached.Address}}},
	}
	s := serveScenarios(t, d)
	f := forms[1] // C, awaiting
	for _, b := range []struct {
		service, scenario, up, down string
		server                      interface{ Start() }
		kill                        func()
	}{
		{"db", "sql-placeholders", "row: text 'bab', int 7\n", "row: error -13 at 0\n", pg, pg.Kill},
		{"cache", "cache-peek", "value: none\n", "value: error -13\n", redis, redis.Kill},
		{"files", "storage-after", "left: none\n", "left: error -13\n", s3, s3.Kill},
		{"second", "", "", "", memcached, memcached.Kill},
	} {
		probe := func() string {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			latency, err := s.ProbeService(ctx, b.service)
			return fmt.Sprint(err == nil && latency > 0)
		}
		state := func() string { return b.down }
		if b.scenario != "" {
			state = func() string { return s.ask(t, f.path(b.scenario)) }
		}
		for range 2 {
			asked := time.Now()
			if got := state(); got != b.down || time.Since(asked) > 5*time.Second {
				t.Errorf("%s, which is not there: %s after %s", b.service, got, time.Since(asked))
			}
			if probe() != "false" {
				t.Errorf("%s: the probe of what is not there succeeds", b.service)
			}
			b.server.Start()
			back := time.Now()
			if b.scenario != "" {
				becomes(t, state, b.up)
			}
			becomes(t, probe, "true")
			if took := time.Since(back); took > 2*time.Second {
				t.Errorf("%s: it took %s to find it again", b.service, took)
			}
			b.kill()
		}
		b.server.Start()
	}
	if status, err := s.Status("c"); err != nil || status.Draining+status.Retained+status.Unloaded != 0 {
		t.Errorf("%+v, %v", status, err)
	}
}
