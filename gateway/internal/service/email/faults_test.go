package email_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/failpoint"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email/directory"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email/smtp"
)

// TestPanicOfADriver: a panic while a mail is delivered costs that try and that
// connection. It is not parallel: the failpoint is everybody's.
func TestPanicOfADriver(t *testing.T) {
	server := servertest.StartSMTP(t, servertest.SMTPOptions{})
	var panics atomic.Int32
	failpoint.Set(func(step, _ string) {
		if step == "smtp.addressed" && panics.Add(1) == 5 {
			panic("out of luck")
		}
	})
	defer failpoint.Set(nil)
	s := start(t, smtp.Open, spec("smtp", 2, smtpOptions(server)), env(t, t.TempDir()))
	defer stop(t, s)
	var ids []string
	for range 30 {
		ids = append(ids, accept(t, s, hello()))
	}
	unlucky := 0
	for _, id := range ids {
		if st := settled(t, s, id, email.Delivered); st.Attempts > 1 {
			unlucky++
		}
		if n := len(taken(server, id)); n != 1 {
			t.Errorf("mail %s arrived %d times", id, n)
		}
	}
	if got := s.Stats(); unlucky != 1 || got.Panics != 1 || got.Fault != nil {
		t.Errorf("%d mails needed another try; stats %+v", unlucky, got)
	}
}

// TestCloseIsBounded: a server that hangs holds a close up no longer than its
// context says; the mail stays in the outbox.
func TestCloseIsBounded(t *testing.T) {
	t.Parallel()
	server := servertest.StartSMTP(t, servertest.SMTPOptions{})
	server.Misbehave(servertest.SMTPFaults{Data: "hang"})
	dir := t.TempDir()
	p := spec("smtp", 1, smtpOptions(server))
	p.Timeout = 20 * time.Second
	first := start(t, smtp.Open, p, env(t, dir))
	id := accept(t, first, hello())
	until(t, 5*time.Second, "the mail is being delivered", func() bool { return state(t, first, id).Attempts == 1 })
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := first.Close(ctx); err == nil {
		t.Error("the close that was cut short reports no error")
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
	server.Misbehave(servertest.SMTPFaults{})
	second := start(t, smtp.Open, p, env(t, dir))
	if st := settled(t, second, id, email.Delivered); st.Attempts != 2 {
		t.Errorf("state %+v", st)
	}
}

// TestTwoServices: a new service over the outbox takes over while the old one
// ends, as when it is configured anew.
func TestTwoServices(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		dir := t.TempDir()
		var ids []string
		old := start(t, d.open, spec(d.name, 2, d.options), env(t, dir))
		for range 5 {
			for range 10 {
				ids = append(ids, accept(t, old, hello()))
			}
			next := start(t, d.open, spec(d.name, 2, d.options), env(t, dir))
			ids = append(ids, accept(t, next, hello()))
			stop(t, old)
			old = next
		}
		for _, id := range ids {
			if st := settled(t, old, id, email.Delivered); st.Attempts != 1 {
				t.Errorf("state %+v", st)
			}
		}
		if n := len(d.arrived()); n != len(ids) {
			t.Errorf("%d of %d mails arrived", n, len(ids))
		}
	})
}

// TestOverload: ten times what the mailbox takes, at once: each caller has an
// answer, and what was accepted arrives.
func TestOverload(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		p := spec(d.name, 2, d.options)
		p.Mailbox = 16
		s := start(t, d.open, p, env(t, t.TempDir()))
		type outcome struct {
			id  string
			err error
		}
		answers := make(chan outcome, 160)
		for range cap(answers) {
			s.Submit(service.Call{}, email.Request{Send: hello()}, func(r email.Result, err error) { answers <- outcome{r.MessageID, err} })
		}
		refused := 0
		var accepted []string
		for range cap(answers) { // all of them, before the full mailbox is asked for states
			switch o := <-answers; {
			case o.err == nil:
				accepted = append(accepted, o.id)
			case strings.Contains(o.err.Error(), "queue is full"):
				refused++
			default:
				t.Error(o.err)
			}
		}
		for _, id := range accepted {
			settled(t, s, id, email.Delivered)
		}
		if got := s.Stats(); uint64(refused) != got.Overloaded {
			t.Errorf("%d refused, stats %+v", refused, got)
		}
		if errors.Is(s.Stats().Fault, context.Canceled) {
			t.Error("a fault is left")
		}
	})
}

// TestOverloadWithLargeMails: mails that wait for the outbox are bounded by
// their bytes, too.
func TestOverloadWithLargeMails(t *testing.T) {
	p := spec("directory", 1, config.Options{"path": filepath.Join(t.TempDir(), "mail")})
	p.Timeout = time.Minute // under the race detector
	s := start(t, directory.Open, p, env(t, t.TempDir()))
	content := make([]byte, 8<<20)
	type outcome struct {
		id  string
		err error
	}
	answers := make(chan outcome, 20)
	for range cap(answers) {
		m := hello()
		m.Attachments = []email.Attachment{{Name: "a", Content: content}}
		s.Submit(service.Call{}, email.Request{Send: m}, func(r email.Result, err error) { answers <- outcome{r.MessageID, err} })
	}
	accepted := 0
	for range cap(answers) {
		if o := <-answers; o.err == nil {
			accepted++
			settled(t, s, o.id, email.Delivered)
		} else if service.ErrorOf(o.err).Status != abi.ErrOverloaded {
			t.Error(o.err)
		}
	}
	if accepted < 5 {
		t.Errorf("%d of %d were accepted", accepted, cap(answers))
	}
}
