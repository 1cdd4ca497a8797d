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

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email/directory"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email/failpoint"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email/smtp"
)

// life is what a child process is to do: send mails with a service of its own
// until they are settled, and tell each step on its standard output.
type life struct {
	Dir     string // of the outbox
	Port    int    // of an SMTP server; 0: deliver to Folder
	Folder  string //
	Workers int
	Mails   int           // to send
	Keep    time.Duration //
	Lease   time.Duration //
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
	s, err := l.open(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		panic(err)
	}
	tell("open", "")
	var senders sync.WaitGroup
	ids := make(chan string, l.Mails)
	for n := range 2 {
		senders.Go(func() {
			for range (l.Mails + n) / 2 {
				r, err := do(s, email.Request{Send: hello()})
				if err != nil {
					panic(err)
				}
				tell("ack", r.MessageID)
				ids <- r.MessageID
			}
		})
	}
	senders.Wait()
	close(ids)
	for id := range ids {
		for {
			r, err := do(s, email.Request{State: id})
			if err != nil || r.State.Phase != email.Queued {
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

// open opens the service over the outbox, in this process.
func (l life) open(log *slog.Logger) (*email.Service, error) {
	open, p := directory.Open, spec("directory", l.Workers, config.Options{"path": l.Folder})
	if l.Port != 0 {
		open, p = smtp.Open, spec("smtp", l.Workers, config.Options{"host": "127.0.0.1", "port": int64(l.Port), "encryption": "none"})
	}
	p.Timeout = l.Lease / 2
	if l.Keep > 0 {
		p.Options["keep"] = l.Keep
	}
	s, err := open(p, service.Env{Dir: l.Dir, Log: log})
	if err != nil {
		return nil, err
	}
	return s.(*email.Service), nil
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

// until reads up to a line; false if the child ends before.
func (c *child) until(line string) bool {
	for {
		text, err := c.out.ReadString('\n')
		if err != nil {
			return false
		}
		c.lines = append(c.lines, strings.TrimSpace(text))
		if strings.TrimSpace(text) == line {
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
