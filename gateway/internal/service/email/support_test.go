package email_test

import (
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email/directory"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email/smtp"
)

// options are those of the drivers with their defaults, for tests.
func options(more config.Options) config.Options {
	o := config.Options{
		"from": "Shop <shop@example.com>", "max_attempts": int64(10), "retry": 50 * time.Millisecond,
		"max_message": int64(25 << 20), "max_queued": int64(100_000), "keep": 24 * time.Hour,
	}
	for name, value := range more {
		o[name] = value
	}
	return o
}

func spec(driver string, workers int, o config.Options) service.Spec {
	return service.Spec{Name: "mail", Kind: "email", Driver: driver, Options: options(o), Workers: workers, Mailbox: 256, Timeout: 5 * time.Second}
}

func env(t testing.TB, dir string) service.Env {
	return service.Env{Dir: dir, Log: slog.New(slog.NewTextHandler(testLog{t}, nil)), Lookup: func(string) (*service.Handle, bool) { return nil, false }}
}

// testLog shows the service's log with a test that fails.
type testLog struct{ t testing.TB }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// start opens a service and closes it with the test.
func start(t testing.TB, open func(service.Spec, service.Env) (service.Service, error), s service.Spec, e service.Env) *email.Service {
	t.Helper()
	opened, err := open(s, e)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, opened.(*email.Service)) })
	return opened.(*email.Service)
}

func stop(t testing.TB, s *email.Service) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
}

// do runs a request and waits for its outcome.
func do(s *email.Service, r email.Request) (email.Result, error) {
	type outcome struct {
		result email.Result
		err    error
	}
	answer := make(chan outcome, 1)
	s.Submit(service.Call{}, r, func(r email.Result, err error) { answer <- outcome{r, err} })
	o := <-answer
	return o.result, o.err
}

func accept(t testing.TB, s *email.Service, m *email.Message) (id string) {
	t.Helper()
	r, err := do(s, email.Request{Send: m})
	if err != nil {
		t.Fatalf("send: %v", err)
	}
	return r.MessageID
}

func state(t testing.TB, s *email.Service, id string) email.State {
	t.Helper()
	r, err := do(s, email.Request{State: id})
	if err != nil {
		t.Fatalf("state of %s: %v", id, err)
	}
	return r.State
}

// until waits for a condition, at most `limit`.
func until(t testing.TB, limit time.Duration, what string, reached func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !reached(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", limit, what)
		}
	}
}

func settled(t testing.TB, s *email.Service, id string, phase email.Phase) email.State {
	t.Helper()
	var last email.State
	until(t, 15*time.Second, "the mail is settled", func() bool {
		last = state(t, s, id)
		return last.Phase != email.Queued
	})
	if last.Phase != phase {
		t.Fatalf("the mail is in state %+v, want phase %d", last, phase)
	}
	return last
}

// arrived is a mail as the receiver has it.
type arrived struct {
	to   []string // of the envelope; nil: the driver keeps none
	body string
}

// driver is what the common cases run against.
type driver struct {
	name    string
	open    func(service.Spec, service.Env) (service.Service, error)
	options config.Options
	arrived func() []arrived
}

// each runs a test against every driver.
func each(t *testing.T, test func(t *testing.T, d driver)) {
	t.Run("directory", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "mail")
		test(t, driver{"directory", directory.Open, config.Options{"path": path}, func() []arrived { return emlFiles(t, path) }})
	})
	t.Run("smtp", func(t *testing.T) {
		server := servertest.StartSMTP(t, servertest.SMTPOptions{})
		test(t, driver{"smtp", smtp.Open, smtpOptions(server), func() (mails []arrived) {
			for _, m := range server.Mails() {
				mails = append(mails, arrived{m.To, m.Body})
			}
			return mails
		}})
	})
}

func smtpOptions(server *servertest.SMTP) config.Options {
	return config.Options{"host": "127.0.0.1", "port": int64(server.Port), "encryption": "none"}
}

func emlFiles(t testing.TB, dir string) (mails []arrived) {
	files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		mails = append(mails, arrived{body: string(text)})
	}
	return mails
}

// part is a leaf of a mail.
type part struct {
	kind, disposition, name, id string
	content                     string
}

// parse reads a mail as a receiver would.
func parse(t testing.TB, text string) (header mail.Header, shape string, parts []part) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for n, line := range strings.Split(text, "\n") {
		if len(line) > 999 || (n > 0 && !strings.HasSuffix(line+"\n", "\r\n") && line != "") {
			t.Fatalf("line %d is %d bytes long and ends %q", n+1, len(line), line[max(0, len(line)-5):])
		}
	}
	shape = walk(t, map[string][]string(m.Header), m.Body, &parts)
	return m.Header, shape, parts
}

func walk(t testing.TB, header map[string][]string, body io.Reader, parts *[]part) (shape string) {
	t.Helper()
	get := func(name string) string { return mail.Header(header).Get(name) }
	kind, params, err := mime.ParseMediaType(get("Content-Type"))
	if err != nil {
		t.Fatalf("%q: %v", get("Content-Type"), err)
	}
	if inner, is := strings.CutPrefix(kind, "multipart/"); is {
		var shapes []string
		for r := multipart.NewReader(body, params["boundary"]); ; {
			p, err := r.NextRawPart()
			if err == io.EOF {
				return inner + "(" + strings.Join(shapes, " ") + ")"
			}
			if err != nil {
				t.Fatal(err)
			}
			shapes = append(shapes, walk(t, p.Header, p, parts))
		}
	}
	switch strings.ToLower(get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	default:
		t.Fatalf("encoding %q", get("Content-Transfer-Encoding"))
	}
	content, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	p := part{kind: kind, content: string(content), id: get("Content-Id")}
	if text := get("Content-Disposition"); text != "" {
		var named map[string]string
		if p.disposition, named, err = mime.ParseMediaType(text); err != nil {
			t.Fatal(err)
		}
		p.name = named["filename"]
	}
	*parts = append(*parts, p)
	return kind
}
