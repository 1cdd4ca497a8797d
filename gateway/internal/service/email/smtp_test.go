package email_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email/smtp"
)

func hello() *email.Message {
	return &email.Message{To: to, Subject: "Hello", Text: []byte("Hello\r\n")}
}

func with(o config.Options, name string, value any) config.Options {
	changed := config.Options{name: value}
	for n, v := range o {
		if n != name {
			changed[n] = v
		}
	}
	return changed
}

// taken are the recipients of each copy of a mail that the server has.
func taken(server *servertest.SMTP, id string) (copies [][]string) {
	for _, m := range server.Mails() {
		if strings.Contains(m.Body, "<"+id+">") {
			copies = append(copies, m.To)
		}
	}
	return copies
}

// TestEncryption: with and without TLS and login, and what is refused.
func TestEncryption(t *testing.T) {
	const password = "correct horse"
	cases := []struct {
		name    string
		server  servertest.SMTPOptions
		options config.Options
		fault   string // "": it is delivered
		refused bool   // asked at the pace of a mail
	}{
		{name: "starttls and login", server: servertest.SMTPOptions{Encryption: "starttls", Login: "shop:" + password},
			options: config.Options{"encryption": "starttls", "username": "shop", "password": config.Hidden(password)}},
		{name: "tls and login", server: servertest.SMTPOptions{Encryption: "tls", Login: "shop:" + password},
			options: config.Options{"encryption": "tls", "username": "shop", "password": config.Hidden(password)}},
		{name: "tls", server: servertest.SMTPOptions{Encryption: "tls"}, options: config.Options{"encryption": "tls"}},
		{name: "none and login, to this machine", server: servertest.SMTPOptions{Login: "shop:" + password},
			options: config.Options{"encryption": "none", "username": "shop", "password": config.Hidden(password)}},
		{name: "a server without starttls", options: config.Options{"encryption": "starttls"}, fault: "STARTTLS"},
		{name: "a server that asks for starttls", server: servertest.SMTPOptions{Encryption: "starttls"}, options: config.Options{"encryption": "none"}, fault: "530"},
		{name: "a certificate that nobody knows", server: servertest.SMTPOptions{Encryption: "starttls"},
			options: config.Options{"encryption": "starttls", "ca_file": ""}, fault: "certificate"},
		{name: "a certificate that nobody knows, tls", server: servertest.SMTPOptions{Encryption: "tls"},
			options: config.Options{"encryption": "tls", "ca_file": ""}, fault: "certificate"},
		{name: "a certificate for another name", server: servertest.SMTPOptions{Encryption: "tls"},
			options: config.Options{"encryption": "tls", "host": "localhost"}, fault: "certificate"},
		{name: "a wrong password", server: servertest.SMTPOptions{Encryption: "starttls", Login: "shop:" + password},
			options: config.Options{"encryption": "starttls", "username": "shop", "password": config.Hidden("guess work")}, fault: "535", refused: true},
		{name: "a server without login", server: servertest.SMTPOptions{Encryption: "starttls"},
			options: config.Options{"encryption": "starttls", "username": "shop", "password": config.Hidden("guess work")}, fault: "login", refused: true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := servertest.StartSMTP(t, c.server)
			o := config.Options{"host": "127.0.0.1", "port": int64(server.Port), "ca_file": server.CAFile}
			for name, value := range c.options {
				o[name] = value
			}
			s := start(t, smtp.Open, spec("smtp", 1, o), env(t, t.TempDir()))
			id := accept(t, s, hello())
			if c.fault == "" {
				settled(t, s, id, email.Delivered)
				m := server.Mails()[0]
				if m.TLS != (c.server.Encryption != "") || m.Authenticated != (c.server.Login != "") {
					t.Errorf("TLS %v, authenticated %v", m.TLS, m.Authenticated)
				}
				if err := s.Probe(context.Background()); err != nil {
					t.Errorf("probe: %v", err)
				}
				return
			}
			until(t, 5*time.Second, "a try", func() bool { return state(t, s, id).Reason != "" })
			st := state(t, s, id)
			if !strings.Contains(st.Reason, c.fault) || strings.Contains(st.Reason, "guess") {
				t.Errorf("reason %q, want %q in it", st.Reason, c.fault)
			}
			if len(server.Mails()) != 0 {
				t.Error("the mail was delivered all the same")
			}
			if err := s.Probe(context.Background()); errors.Is(err, email.ErrRefused) != c.refused {
				t.Errorf("probe: %v", err)
			} else if err != nil && strings.Contains(err.Error(), "guess") {
				t.Errorf("the probe's error shows the password: %v", err)
			}
		})
	}
}

// TestAnswers: what becomes of a mail by what the server says to it.
func TestAnswers(t *testing.T) {
	message := func() *email.Message {
		return &email.Message{To: []string{"a@example.com"}, Cc: []string{"b@example.com"}, Bcc: []string{"c@example.com"}, Text: []byte("x")}
	}
	all := []string{"a@example.com", "b@example.com", "c@example.com"}
	cases := []struct {
		name   string
		faults servertest.SMTPFaults
		then   *servertest.SMTPFaults // after the first try
		phase  email.Phase
		copies [][]string
		reason []string
	}{
		{name: "550 to the sender", faults: servertest.SMTPFaults{Mail: "550 not you"}, phase: email.Failed, reason: []string{"a@example.com, b@example.com, c@example.com: the server refused the sender: 550 not you"}},
		{name: "554 to the mail", faults: servertest.SMTPFaults{Data: "554 spam"}, phase: email.Failed, reason: []string{"554 spam"}},
		{name: "451 to the sender, then not", faults: servertest.SMTPFaults{Mail: "451 later"}, then: &servertest.SMTPFaults{}, phase: email.Delivered, copies: [][]string{all}},
		{name: "421 to the sender, then not", faults: servertest.SMTPFaults{Mail: "421 closing"}, then: &servertest.SMTPFaults{}, phase: email.Delivered, copies: [][]string{all}},
		{name: "451 to the mail, then not", faults: servertest.SMTPFaults{Data: "451 later"}, then: &servertest.SMTPFaults{}, phase: email.Delivered, copies: [][]string{all}},
		{name: "451 to the end", faults: servertest.SMTPFaults{Data: "451 later"}, phase: email.Failed, reason: []string{"451 later", "given up"}},
		{name: "550 to one", faults: servertest.SMTPFaults{Rcpt: map[string]string{"b@example.com": "550 nobody"}}, phase: email.Delivered,
			copies: [][]string{{"a@example.com", "c@example.com"}}, reason: []string{"b@example.com: the server refused the recipient: 550 nobody"}},
		{name: "550 to all", faults: servertest.SMTPFaults{Rcpt: map[string]string{"a@example.com": "550 no", "b@example.com": "550 no", "c@example.com": "551 no"}}, phase: email.Failed,
			reason: []string{"a@example.com, b@example.com: the server refused the recipient: 550 no", "c@example.com: the server refused the recipient: 551 no"}},
		{name: "451 to one, then not", faults: servertest.SMTPFaults{Rcpt: map[string]string{"b@example.com": "451 later"}}, then: &servertest.SMTPFaults{}, phase: email.Delivered,
			copies: [][]string{{"a@example.com", "c@example.com"}, {"b@example.com"}}},
		{name: "451 to one to the end", faults: servertest.SMTPFaults{Rcpt: map[string]string{"b@example.com": "451 later"}}, phase: email.Delivered,
			copies: [][]string{{"a@example.com", "c@example.com"}}, reason: []string{"b@example.com", "451 later", "given up"}},
		{name: "550 to one, 451 to another, then not", faults: servertest.SMTPFaults{Rcpt: map[string]string{"a@example.com": "550 nobody", "b@example.com": "451 later"}},
			then: &servertest.SMTPFaults{}, phase: email.Delivered, copies: [][]string{{"c@example.com"}, {"b@example.com"}}, reason: []string{"a@example.com: the server refused the recipient: 550 nobody"}},
		{name: "the connection lost before the mail is taken", faults: servertest.SMTPFaults{Data: "drop"}, then: &servertest.SMTPFaults{}, phase: email.Delivered, copies: [][]string{all}},
		{name: "the connection lost after the mail is taken", faults: servertest.SMTPFaults{Data: "drop after storing"}, then: &servertest.SMTPFaults{}, phase: email.Delivered, copies: [][]string{all, all}},
		{name: "the server hangs in the mail", faults: servertest.SMTPFaults{Data: "hang"}, then: &servertest.SMTPFaults{}, phase: email.Delivered, copies: [][]string{all}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := servertest.StartSMTP(t, servertest.SMTPOptions{})
			server.Misbehave(c.faults)
			p := spec("smtp", 1, with(smtpOptions(server), "max_attempts", int64(3)))
			p.Timeout = time.Second
			if c.then != nil {
				p.Options["max_attempts"], p.Options["retry"] = int64(10), 300*time.Millisecond
			}
			s := start(t, smtp.Open, p, env(t, t.TempDir()))
			id := accept(t, s, message())
			if c.then != nil {
				until(t, 5*time.Second, "a first try", func() bool { return state(t, s, id).Reason != "" })
				if st := state(t, s, id); st.Phase != email.Queued || st.Next.IsZero() {
					t.Errorf("after the first try: %+v", st)
				}
				server.Misbehave(*c.then)
			}
			st := settled(t, s, id, c.phase)
			if copies := taken(server, id); fmt.Sprint(copies) != fmt.Sprint(c.copies) {
				t.Errorf("the server has copies for %v, want %v", copies, c.copies)
			}
			for _, want := range c.reason {
				if !strings.Contains(st.Reason, want) {
					t.Errorf("reason %q, want %q in it", st.Reason, want)
				}
			}
			if c.reason == nil && st.Reason != "" {
				t.Errorf("reason %q", st.Reason)
			}
		})
	}
}

// TestServerLimit: a mail over the server's own limit fails at once.
func TestServerLimit(t *testing.T) {
	server := servertest.StartSMTP(t, servertest.SMTPOptions{Size: 10_000})
	s := start(t, smtp.Open, spec("smtp", 1, smtpOptions(server)), env(t, t.TempDir()))
	id := accept(t, s, &email.Message{To: to, Text: []byte(strings.Repeat("x", 20_000))})
	if st := settled(t, s, id, email.Failed); !strings.Contains(st.Reason, "10000 bytes") || st.Attempts != 1 {
		t.Errorf("state %+v", st)
	}
	settled(t, s, accept(t, s, hello()), email.Delivered)
}

// TestServerComesBack: killed, hung and cut off, under load: everything that was
// accepted arrives, the first of it at the latest 2 s after the server is back,
// and nothing leaks.
func TestServerComesBack(t *testing.T) {
	for _, fault := range []string{"killed", "hung", "cut", "delayed"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			server := servertest.StartSMTP(t, servertest.SMTPOptions{})
			proxy := servertest.NewProxy(t, server.Address)
			_, port, _ := net.SplitHostPort(proxy.Address)
			var number int64
			fmt.Sscan(port, &number)
			p := spec("smtp", 3, with(smtpOptions(server), "port", number))
			p.Timeout = 2 * time.Second
			s := start(t, smtp.Open, p, env(t, t.TempDir()))

			var mu sync.Mutex
			var ids []string
			quit := make(chan struct{})
			var senders sync.WaitGroup
			for range 4 {
				senders.Go(func() {
					for {
						select {
						case <-quit:
							return
						case <-time.After(5 * time.Millisecond): // the load
						}
						id := accept(t, s, hello()) // in time, whatever the server does
						mu.Lock()
						ids = append(ids, id)
						mu.Unlock()
					}
				})
			}
			sent := func() int { mu.Lock(); defer mu.Unlock(); return len(ids) }
			more := func(n int) {
				t.Helper()
				from := sent()
				until(t, 10*time.Second, "mails are accepted", func() bool { return sent() >= from+n })
			}
			down := func() bool { return s.Stats().Fault != nil }
			more(50)
			switch fault {
			case "killed":
				server.Kill()
				until(t, 5*time.Second, "the fault shows", down)
				more(50)
				server.Start()
			case "hung":
				server.Hang()
				until(t, 10*time.Second, "the fault shows", down)
				more(50)
				server.Continue()
			case "cut":
				for range 20 {
					proxy.Cut()
					more(5)
				}
			case "delayed":
				proxy.Delay(50 * time.Millisecond)
				more(50)
				proxy.Delay(0)
			}
			had := len(server.Mails())
			until(t, 2*time.Second, "mail arrives", func() bool { return !down() && len(server.Mails()) > had })
			close(quit)
			senders.Wait()
			for _, id := range ids {
				settled(t, s, id, email.Delivered)
			}
			copies := map[string]int{}
			for _, m := range server.Mails() {
				header, _, _ := parse(t, m.Body)
				copies[strings.Trim(header.Get("Message-Id"), "<>")]++
			}
			for _, id := range ids {
				if n := copies[id]; n < 1 {
					t.Errorf("mail %s arrived %d times", id, n)
				}
			}
			if open, most, _ := proxy.Connections(); most > 4 {
				t.Errorf("%d connections at most, %d open, with 3 workers and a probe", most, open)
			}
			stop(t, s)
			until(t, 5*time.Second, "no connection is left", func() bool { open, _, _ := proxy.Connections(); return open == 0 })
		})
	}
}

// TestConnections: under load exactly as many as there are workers, each kept
// for many mails; none is left after the close, nor any goroutine.
func TestConnections(t *testing.T) {
	server := servertest.StartSMTP(t, servertest.SMTPOptions{})
	proxy := servertest.NewProxy(t, server.Address)
	_, port, _ := net.SplitHostPort(proxy.Address)
	var number int64
	fmt.Sscan(port, &number)
	goroutines := runtime.NumGoroutine()
	s := start(t, smtp.Open, spec("smtp", 3, with(smtpOptions(server), "port", number)), env(t, t.TempDir()))
	proxy.Delay(time.Millisecond)
	var ids []string
	for range 60 {
		ids = append(ids, accept(t, s, hello()))
	}
	for _, id := range ids {
		settled(t, s, id, email.Delivered)
	}
	if _, most, total := proxy.Connections(); most != 3 || total != 3 {
		t.Errorf("%d connections at once and %d in all, want 3", most, total)
	}
	if got := s.Stats(); got.Connections != 3 || got.Fault != nil {
		t.Errorf("stats %+v", got)
	}
	if n := len(server.Mails()); n != 60 {
		t.Errorf("%d mails arrived", n)
	}
	stop(t, s)
	until(t, 5*time.Second, "no connection is left", func() bool { open, _, _ := proxy.Connections(); return open == 0 })
	until(t, 5*time.Second, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= goroutines })
}

// TestCallerIsAnswered: an operation has its outcome by its deadline.
func TestCallerIsAnswered(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		s := start(t, d.open, spec(d.name, 1, d.options), env(t, t.TempDir()))
		answer := make(chan error, 1)
		s.Submit(service.Call{Deadline: time.Now().Add(-time.Second)}, email.Request{Send: hello()}, func(_ email.Result, err error) { answer <- err })
		if err := <-answer; service.ErrorOf(err).Status != abi.ErrDeadline {
			t.Errorf("past its deadline: %v", err)
		}
		if len(d.arrived()) != 0 {
			t.Error("it was sent all the same")
		}
	})
}
