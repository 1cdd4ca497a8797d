package email_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email/directory"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/postgres"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/sqlite"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/sqltest"
)

// store is a database, and a service that takes mail from its transactions.
type store struct {
	t      *testing.T
	open   func() *sql.Service // another service over the same database
	db     *sql.Service
	handle *service.Handle
	folder string
	env    service.Env
	mail   *email.Service
}

// onEachDatabase runs a test with every kind of database.
func onEachDatabase(t *testing.T, test func(t *testing.T, s *store)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "test.sqlite")
		test(t, newStore(t, func() *sql.Service {
			return sqltest.Start(t, sqlite.Open, sqltest.Spec("sqlite", config.Options{"path": path}), "")
		}))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		server := servertest.Postgres(t)
		test(t, newStore(t, func() *sql.Service {
			return sqltest.Start(t, postgres.Open, sqltest.Spec("postgres", config.Options{"url": config.Hidden(server.URL())}), "")
		}))
	})
}

func newStore(t *testing.T, open func() *sql.Service) *store {
	s := &store{t: t, open: open, db: open(), handle: &service.Handle{Name: "db"}, folder: filepath.Join(t.TempDir(), "arrived")}
	s.handle.Set(s.db)
	s.env = env(t, t.TempDir())
	s.env.Lookup = func(name string) (*service.Handle, bool) { return s.handle, name == "db" }
	s.mail = s.start()
	c := sqltest.Background(t, s.db)
	c.Must("create table note (text text)")
	return s
}

func (s *store) start() *email.Service {
	o := config.Options{"path": s.folder, "databases": []string{"db"}, "max_queued": int64(50)}
	return start(s.t, directory.Open, spec("directory", 2, o), s.env)
}

// send sends a mail within the transaction of a request.
func (s *store) send(c *sqltest.Client, m *email.Message) (id string, err error) {
	return s.begin(c, m)()
}

// begin is send, without waiting.
func (s *store) begin(c *sqltest.Client, m *email.Message) (wait func() (string, error)) {
	if m.Transaction == nil {
		m.Transaction = s.handle
	}
	type outcome struct {
		id  string
		err error
	}
	answer := make(chan outcome, 1)
	s.mail.Submit(service.Call{Scope: c.Scope}, email.Request{Send: m}, func(r email.Result, err error) { answer <- outcome{r.MessageID, err} })
	return func() (string, error) { o := <-answer; return o.id, o.err }
}

func (s *store) rows() int64 {
	return sqltest.Background(s.t, s.db).Number("select count(*) from edge_gateway_outbox")
}

func (s *store) missing(id string) {
	s.t.Helper()
	if _, err := do(s.mail, email.Request{State: id}); !errors.Is(err, abi.ErrNotFound) {
		s.t.Errorf("state before the commit: %v", err)
	}
}

// settled waits until a mail has come through the database and arrived.
func (s *store) settled(id string) {
	s.t.Helper()
	until(s.t, 10*time.Second, "the mail arrives", func() bool {
		r, err := do(s.mail, email.Request{State: id})
		return err == nil && r.State.Phase == email.Delivered
	})
}

// TestTransactions: a mail goes out with the commit, once, and never without it.
func TestTransactions(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, s *store) {
		t.Run("commit", func(t *testing.T) {
			c := sqltest.Request(t, s.db)
			c.Op(sql.OpBegin)
			c.Must("insert into note values ('a')")
			id, err := s.send(c, hello())
			if err != nil {
				t.Fatal(err)
			}
			s.missing(id)
			c.Op(sql.OpCommit)
			s.settled(id)
			if n := len(emlFiles(t, s.folder)); n != 1 {
				t.Errorf("%d mails arrived", n)
			}
			until(t, 5*time.Second, "the row is gone", func() bool { return s.rows() == 0 })
		})
		t.Run("without a commit", func(t *testing.T) {
			c := sqltest.Request(t, s.db)
			c.Op(sql.OpBegin)
			if _, err := s.send(c, hello()); err != nil {
				t.Fatal(err)
			}
			c.Op(sql.OpRollback)
			answered := sqltest.Request(t, s.db)
			answered.Op(sql.OpBegin)
			if _, err := s.send(answered, hello()); err != nil {
				t.Fatal(err)
			}
			answered.End()
			// One that is committed later comes through, and nothing else.
			c = sqltest.Request(t, s.db)
			c.Op(sql.OpBegin)
			id, err := s.send(c, hello())
			if err != nil {
				t.Fatal(err)
			}
			c.Op(sql.OpCommit)
			s.settled(id)
			if n := len(emlFiles(t, s.folder)); n != 2 {
				t.Errorf("%d mails arrived", n)
			}
		})
		t.Run("one list", func(t *testing.T) {
			c := sqltest.Request(t, s.db)
			begun := c.Send(sql.Request{Op: sql.OpBegin})
			inserted := c.Send(sql.Do("insert into note values ('b')"))
			sent := s.begin(c, hello())
			committed := c.Send(sql.Request{Op: sql.OpCommit})
			_, e1 := begun()
			_, e2 := inserted()
			id, e3 := sent()
			_, e4 := committed()
			if err := errors.Join(e1, e2, e3, e4); err != nil {
				t.Fatal(err)
			}
			s.settled(id)
		})
		t.Run("a bad mail in the list", func(t *testing.T) {
			// A row goes after its mail is in the outbox.
			until(t, 5*time.Second, "the rows of before are gone", func() bool { return s.rows() == 0 })
			for name, bad := range map[string]*email.Message{
				"no recipient": {Text: []byte("x")},
				"denied":       {To: to, Text: []byte("x"), Transaction: s.handle},
			} {
				c := sqltest.Request(t, s.db)
				begun := c.Send(sql.Request{Op: sql.OpBegin})
				inserted := c.Send(sql.Do("insert into note values ('bad')"))
				if name == "denied" {
					other := &service.Handle{Name: "other"}
					other.Set(s.db)
					bad.Transaction = other
				}
				sent := s.begin(c, bad)
				committed := c.Send(sql.Request{Op: sql.OpCommit})
				_, e1 := begun()
				_, _ = inserted()
				if _, err := sent(); e1 != nil || err == nil {
					t.Errorf("%s: %v, %v", name, e1, err)
				}
				if _, err := committed(); service.ErrorOf(err).Status != abi.ErrTxGone {
					t.Errorf("%s: the commit: %v", name, err)
				}
			}
			c := sqltest.Background(t, s.db)
			if n := c.Number("select count(*) from note where text = 'bad'"); n != 0 || s.rows() != 0 {
				t.Errorf("%d rows without their mail", n)
			}
		})
		t.Run("refused", func(t *testing.T) {
			idle := sqltest.Request(t, s.db)
			over := sqltest.Request(t, s.db)
			over.Op(sql.OpBegin)
			over.Op(sql.OpCommit)
			open := sqltest.Request(t, s.db)
			open.Op(sql.OpBegin)
			inactive, foreign, itself := &service.Handle{Name: "db"}, &service.Handle{Name: "foreign"}, &service.Handle{Name: "db"}
			foreign.Set(s.db)
			itself.Set(s.mail)
			for name, c := range map[string]struct {
				client *sqltest.Client
				handle *service.Handle
				want   abi.Status
			}{
				"no transaction":      {idle, s.handle, abi.ErrTxGone},
				"no request":          {sqltest.Background(t, s.db), s.handle, abi.ErrTxGone},
				"after the commit":    {over, s.handle, abi.ErrTxGone},
				"a foreign database":  {open, foreign, abi.ErrDenied},
				"an inactive service": {open, inactive, abi.ErrUnavailable},
				"not a database":      {open, itself, abi.ErrInvalid},
			} {
				m := hello()
				m.Transaction = c.handle
				if _, err := s.send(c.client, m); !errors.Is(err, c.want) {
					t.Errorf("%s: %v, want %v", name, err, c.want)
				}
			}
			open.End()
		})
		t.Run("a large mail", func(t *testing.T) {
			c := sqltest.Request(t, s.db)
			c.Op(sql.OpBegin)
			id, err := s.send(c, &email.Message{To: to, Text: []byte("x"), Attachments: []email.Attachment{{Name: "a", Content: make([]byte, 8<<20)}}})
			if err != nil {
				t.Fatal(err)
			}
			c.Op(sql.OpCommit)
			s.settled(id)
		})
		t.Run("many requests", func(t *testing.T) {
			before := len(emlFiles(t, s.folder))
			var all sync.WaitGroup
			ids := make([]string, 40)
			for n := range ids {
				all.Go(func() {
					c := sqltest.Request(t, s.db)
					c.Op(sql.OpBegin)
					id, err := s.send(c, hello())
					if err != nil {
						t.Error(err)
					}
					c.Op(sql.OpCommit)
					c.End()
					ids[n] = id
				})
			}
			all.Wait()
			for _, id := range ids {
				s.settled(id)
			}
			if n := len(emlFiles(t, s.folder)); n != before+len(ids) {
				t.Errorf("%d mails arrived, want %d", n-before, len(ids))
			}
		})
	})
}

// TestFullOutboxAndTransactions: while as many mails wait as may, those of
// transactions are refused, and no longer than that.
func TestFullOutboxAndTransactions(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, s *store) {
		if err := os.WriteFile(s.folder, nil, 0o600); err != nil { // no folder can be there
			t.Fatal(err)
		}
		for range 50 {
			accept(t, s.mail, hello())
		}
		once := func() (id string, err error) {
			c := sqltest.Request(t, s.db)
			c.Op(sql.OpBegin)
			id, err = s.send(c, hello())
			_, e := c.Do(sql.Request{Op: sql.OpCommit})
			return id, errors.Join(err, e)
		}
		until(t, 5*time.Second, "mails of transactions are refused", func() bool {
			_, err := once()
			return errors.Is(err, abi.ErrOverloaded)
		})
		if err := os.Remove(s.folder); err != nil {
			t.Fatal(err)
		}
		until(t, 10*time.Second, "they are accepted again", func() bool {
			id, err := once()
			if err == nil {
				s.settled(id)
			}
			return err == nil
		})
	})
}

// TestDatabaseComesLate: the service starts before its database, which is then
// replaced, and whose table is dropped.
func TestDatabaseComesLate(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, s *store) {
		stop(t, s.mail)
		s.handle.Set(nil)
		s.mail = s.start()
		once := func() {
			t.Helper()
			c := sqltest.Request(t, s.db)
			c.Op(sql.OpBegin)
			id, err := s.send(c, hello())
			if err != nil {
				t.Fatal(err)
			}
			c.Op(sql.OpCommit)
			c.End()
			s.settled(id)
		}
		// At once: the mover may not have made the table yet.
		s.handle.Set(s.db)
		once()
		replaced := s.db
		s.db = s.open()
		s.handle.Set(s.db)
		once()
		_ = replaced
		sqltest.Background(t, s.db).Must("drop table edge_gateway_outbox")
		c := sqltest.Request(t, s.db)
		c.Op(sql.OpBegin)
		if _, err := s.send(c, hello()); err == nil {
			t.Error("a mail was accepted without its table")
		}
		c.End()
		once()
	})
}

// TestDatabaseGoesDown: mails that were committed before a database was killed
// arrive soon after it is back, once each.
func TestDatabaseGoesDown(t *testing.T) {
	t.Parallel()
	server := servertest.Postgres(t)
	s := newStore(t, func() *sql.Service {
		return sqltest.Start(t, postgres.Open, sqltest.Spec("postgres", config.Options{"url": config.Hidden(server.URL())}), "")
	})
	var ids []string
	for range 5 {
		c := sqltest.Request(t, s.db)
		c.Op(sql.OpBegin)
		id, err := s.send(c, hello())
		if err != nil {
			t.Fatal(err)
		}
		c.Op(sql.OpCommit)
		ids = append(ids, id)
	}
	server.Kill()
	c := sqltest.Request(t, s.db)
	if _, err := c.Do(sql.Request{Op: sql.OpBegin}); err == nil {
		t.Error("a transaction began")
	}
	if _, err := s.send(c, hello()); err == nil {
		t.Error("a mail was accepted without its database")
	}
	server.Start()
	back := time.Now()
	for _, id := range ids {
		s.settled(id)
	}
	t.Logf("all had arrived %v after the database was back", time.Since(back))
	if n := len(emlFiles(t, s.folder)); n != len(ids) {
		t.Errorf("%d mails arrived", n)
	}
}

// TestOutboxComesLate: a mail is committed while the outbox cannot be opened, and
// arrives when it can.
func TestOutboxComesLate(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, s *store) {
		stop(t, s.mail)
		s.env.Dir = filepath.Join(t.TempDir(), "outbox")
		if err := os.WriteFile(s.env.Dir, nil, 0o600); err != nil { // no folder can be there
			t.Fatal(err)
		}
		s.mail = s.start()
		if _, err := do(s.mail, email.Request{Send: hello()}); err == nil || service.ErrorOf(err).Status != abi.ErrUnavailable {
			t.Errorf("without an outbox: %v", err)
		}
		c := sqltest.Request(t, s.db)
		c.Op(sql.OpBegin)
		id, err := s.send(c, hello())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(s.env.Dir); err != nil {
			t.Fatal(err)
		}
		// It is open, and the mover has looked, before the mail is there.
		accept(t, s.mail, hello())
		c.Op(sql.OpCommit)
		c.End()
		s.settled(id)
	})
}

// TestOrphans: mails in the table that are another outbox's are taken over when
// they have been there for long; those of other services never.
func TestOrphans(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, s *store) {
		until(t, 5*time.Second, "the table is there", func() bool {
			_, err := sqltest.Background(t, s.db).Try("select 1 from edge_gateway_outbox")
			return err == nil
		})
		c := sqltest.Background(t, s.db)
		now := time.Now().Unix()
		for _, row := range []struct {
			id, service string
			taken       int64
		}{{"old@example.com", "mail", now - 3600}, {"fresh@example.com", "mail", now}, {"foreign@example.com", "other", now - 3600}} {
			c.Must(`insert into edge_gateway_outbox (message_id, service, outbox, taken, accepted, sender, recipients, body) values ($1, $2, 'elsewhere', $3, 1, 'a@example.com', '["b@example.com"]', $4)`,
				sql.Text(row.id), sql.Text(row.service), sql.Int64(row.taken), sql.Bytes([]byte("Message-ID: <"+row.id+">\r\n\r\nx\r\n")))
		}
		stop(t, s.mail) // the next one looks for them when it starts
		s.mail = s.start()
		s.settled("old@example.com")
		until(t, 5*time.Second, "the row is gone", func() bool { return s.rows() == 2 })
		s.missing("fresh@example.com")
		s.missing("foreign@example.com")
	})
}
