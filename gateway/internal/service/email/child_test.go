package email_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/failpoint"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email/directory"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email/smtp"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/sqlite"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/sqltest"
)

// life is what a child process is to do: send mails with a service of its own
// until they are settled, and tell each step on its standard output.
type life struct {
	Dir      string // of the outbox
	Port     int    // of an SMTP server; 0: deliver to Folder
	Folder   string
	Workers  int
	Database string // of sqlite, to send within transactions; "": without
	Mails    int    // to send
	Keep     time.Duration
	Lease    time.Duration
	// KillAt is the step, and the time that it is reached, to die at.
	KillAt   string
	KillTime int
}

const childVariable = "EDGE_GATEWAY_TEST_EMAIL_CHILD"

func TestMain(m *testing.M) {
	if text := os.Getenv(childVariable); text != "" {
		var l life
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			panic(err)
		}
		l.live()
		return
	}
	os.Exit(m.Run())
}

// live is the child.
func (l life) live() {
	// One write for each line: what has been told is told, whatever comes.
	tell := func(step, subject string) { fmt.Fprintf(os.Stdout, "%s %s\n", step, subject) }
	var reached atomic.Int32
	failpoint.Set(func(step, subject string) {
		tell(step, subject)
		if step == l.KillAt && int(reached.Add(1)) == l.KillTime {
			tell("dies", step)
			self, _ := os.FindProcess(os.Getpid())
			_ = self.Kill()
			select {}
		}
	})
	s, database, err := l.open(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		panic(err)
	}
	tell("open", "")
	var senders sync.WaitGroup
	ids := make(chan string, l.Mails)
	for n := range 2 {
		senders.Go(func() {
			for range (l.Mails + n) / 2 {
				id, err := send(s, database)
				if err != nil {
					tell("refused", err.Error()) // a slow disk: nothing is promised
					continue
				}
				tell("ack", id)
				ids <- id
			}
		})
	}
	senders.Wait()
	close(ids)
	for id := range ids {
		for {
			r, err := do(s, email.Request{State: id})
			if err == nil && r.State.Phase != email.Queued || err != nil && l.Keep > 0 {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	if l.KillAt == "purge.begun" || l.KillAt == "purge.done" {
		select {} // it comes
	}
	if err := s.Close(context.Background()); err != nil {
		panic(err)
	}
	tell("end", "")
}

// open opens the service over the outbox, in this process, with the database's.
func (l life) open(log *slog.Logger) (*email.Service, *service.Handle, error) {
	open, p := directory.Open, spec("directory", l.Workers, config.Options{"path": l.Folder})
	if l.Port != 0 {
		open, p = smtp.Open, spec("smtp", l.Workers, config.Options{"host": "127.0.0.1", "port": int64(l.Port), "encryption": "none"})
	}
	p.Timeout = l.Lease / 2
	if l.Keep > 0 {
		p.Options["keep"] = l.Keep
	}
	database := &service.Handle{Name: "db"}
	if l.Database != "" {
		p.Options["databases"] = []string{"db"}
		db, err := sqlite.Open(sqltest.Spec("sqlite", config.Options{"path": l.Database}), service.Env{Log: log})
		if err != nil {
			return nil, nil, err
		}
		database.Set(db)
	}
	s, err := open(p, service.Env{Dir: l.Dir, Log: log, Lookup: func(string) (*service.Handle, bool) { return database, true }})
	if err != nil {
		return nil, nil, err
	}
	return s.(*email.Service), database, nil
}

// send sends a mail, within a transaction if there is a database: then it is
// acknowledged by the commit.
func send(s *email.Service, database *service.Handle) (id string, err error) {
	var db *sql.Service
	if !database.With(func(found service.Service) { db = found.(*sql.Service) }) {
		r, err := do(s, email.Request{Send: hello()})
		return r.MessageID, err
	}
	scope, end := abi.NewScope()
	defer end()
	call := service.Call{Scope: scope}
	run := func(op sql.Op) error {
		answer := make(chan error, 1)
		db.Submit(call, sql.Request{Op: op}, func(_ sql.Result, err error) { answer <- err })
		return <-answer
	}
	if err := run(sql.OpBegin); err != nil {
		return "", err
	}
	m := hello()
	m.Transaction = database
	answer := make(chan error, 1)
	s.Submit(call, email.Request{Send: m}, func(r email.Result, err error) {
		id = r.MessageID
		answer <- err
	})
	if err := <-answer; err != nil {
		return "", err
	}
	return id, run(sql.OpCommit)
}

// child is a process under way, or one that has ended.
type child struct {
	cmd   *exec.Cmd
	out   *bufio.Reader
	err   bytes.Buffer
	lines []string
}

func (l life) start(t *testing.T, before ...string) *child {
	t.Helper()
	text, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	args := append(before, os.Args[0])
	c := &child{cmd: exec.Command(args[0], args[1:]...)}
	c.cmd.Env = append(os.Environ(), childVariable+"="+string(text))
	c.cmd.Stderr = &c.err
	pipe, err := c.cmd.StdoutPipe()
	if err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewReader(pipe)
	t.Cleanup(func() {
		if c.cmd.ProcessState == nil {
			_ = c.cmd.Process.Kill()
			_ = c.cmd.Wait()
		}
	})
	return c
}

// until reads up to a step; false if the child ends before.
func (c *child) until(step string) bool {
	for {
		text, err := c.out.ReadString('\n')
		if err != nil {
			return false
		}
		c.lines = append(c.lines, strings.TrimSpace(text))
		if strings.HasPrefix(text, step+" ") {
			return true
		}
	}
}

// wait reads the rest and waits for the end.
func (c *child) wait() error {
	rest, _ := io.ReadAll(c.out)
	for text := range strings.Lines(string(rest)) {
		if strings.HasSuffix(text, "\n") {
			c.lines = append(c.lines, strings.TrimSpace(text))
		}
	}
	return c.cmd.Wait()
}

// told are the subjects of a step.
func (c *child) told(step string) map[string]bool {
	subjects := map[string]bool{}
	for _, line := range c.lines {
		if s, is := strings.CutPrefix(line, step+" "); is {
			subjects[s] = true
		}
	}
	return subjects
}
