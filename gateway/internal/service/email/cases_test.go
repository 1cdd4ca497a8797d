package email_test

import (
	"bytes"
	"context"
	"errors"
	"mime"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email"
)

var to = []string{"Ann <ann@example.com>"}

// TestMails sends mails of every shape and reads them where they arrive.
func TestMails(t *testing.T) {
	every := make([]byte, 256)
	for n := range every {
		every[n] = byte(n)
	}
	long := strings.Repeat("a line of some length, with = and a dot at its start\n.\n", 50)
	cases := []struct {
		name    string
		message email.Message
		header  map[string]string // decoded
		to      []string
		shape   string
		parts   []part
	}{
		{
			name:    "text",
			message: email.Message{To: to, Subject: "Hello", Text: []byte("one\r\ntwo\r\n")},
			header:  map[string]string{"From": `"Shop" <shop@example.com>`, "To": `"Ann" <ann@example.com>`, "Subject": "Hello", "Mime-Version": "1.0"},
			to:      []string{"ann@example.com"}, shape: "text/plain",
			parts: []part{{kind: "text/plain", content: "one\r\ntwo\r\n"}},
		},
		{
			name:    "html",
			message: email.Message{To: to, HTML: []byte("<p>Grüße</p>")},
			to:      []string{"ann@example.com"}, shape: "text/html",
			parts: []part{{kind: "text/html", content: "<p>Grüße</p>"}},
		},
		{
			name:    "text and html",
			message: email.Message{To: to, Text: []byte("plain"), HTML: []byte("<b>rich</b>")},
			to:      []string{"ann@example.com"}, shape: "alternative(text/plain text/html)",
			parts: []part{{kind: "text/plain", content: "plain"}, {kind: "text/html", content: "<b>rich</b>"}},
		},
		{
			name:    "an empty text",
			message: email.Message{To: to, Text: []byte{}},
			to:      []string{"ann@example.com"}, shape: "text/plain",
			parts: []part{{kind: "text/plain"}},
		},
		{
			name:    "lines that begin with a dot",
			message: email.Message{To: to, Text: []byte(strings.ReplaceAll(long, "\n", "\r\n"))},
			to:      []string{"ann@example.com"}, shape: "text/plain",
			parts: []part{{kind: "text/plain", content: strings.ReplaceAll(long, "\n", "\r\n")}},
		},
		{
			name: "everyone",
			message: email.Message{
				From: "Boss <boss@example.org>", To: []string{"a@example.com", "B <b@example.com>"}, Cc: []string{"c@example.com", "a@example.com"},
				Bcc: []string{"secret@example.com"}, ReplyTo: []string{"answers@example.org", "Us <us@example.org>"}, Text: []byte("x"),
			},
			header: map[string]string{
				"From": `"Boss" <boss@example.org>`, "To": `<a@example.com>, "B" <b@example.com>`, "Cc": "<c@example.com>, <a@example.com>",
				"Reply-To": `<answers@example.org>, "Us" <us@example.org>`, "Bcc": "",
			},
			to: []string{"a@example.com", "b@example.com", "c@example.com", "secret@example.com"}, shape: "text/plain",
			parts: []part{{kind: "text/plain", content: "x"}},
		},
		{
			name:    "blind copies alone",
			message: email.Message{Bcc: []string{"secret@example.com"}, Text: []byte("x")},
			header:  map[string]string{"To": "", "Bcc": ""},
			to:      []string{"secret@example.com"}, shape: "text/plain",
			parts: []part{{kind: "text/plain", content: "x"}},
		},
		{
			name: "files",
			message: email.Message{To: to, Text: []byte("see"), Attachments: []email.Attachment{
				{Name: "bytes.bin", Content: every},
				{Name: "Grüße aus Köln.txt", ContentType: "text/plain; charset=utf-8", Content: []byte("grüß")},
				{Name: "page.html", Content: []byte("<p>")},
				{Name: "none", Content: nil},
			}},
			to: []string{"ann@example.com"}, shape: "mixed(text/plain application/octet-stream text/plain text/html application/octet-stream)",
			parts: []part{
				{kind: "text/plain", content: "see"},
				{kind: "application/octet-stream", disposition: "attachment", name: "bytes.bin", content: string(every)},
				{kind: "text/plain", disposition: "attachment", name: "Grüße aus Köln.txt", content: "grüß"},
				{kind: "text/html", disposition: "attachment", name: "page.html", content: "<p>"},
				{kind: "application/octet-stream", disposition: "attachment", name: "none"},
			},
		},
		{
			name: "pictures in the HTML, and a file",
			message: email.Message{To: to, Text: []byte("see"), HTML: []byte(`<img src="cid:logo@shop">`), Attachments: []email.Attachment{
				{Name: "logo.png", Content: every, ContentID: "logo@shop"},
				{Name: "bill.pdf", ContentType: "application/pdf", Content: []byte("%PDF")},
			}},
			to: []string{"ann@example.com"}, shape: "mixed(related(alternative(text/plain text/html) image/png) application/pdf)",
			parts: []part{
				{kind: "text/plain", content: "see"}, {kind: "text/html", content: `<img src="cid:logo@shop">`},
				{kind: "image/png", disposition: "inline", name: "logo.png", id: "<logo@shop>", content: string(every)},
				{kind: "application/pdf", disposition: "attachment", name: "bill.pdf", content: "%PDF"},
			},
		},
		{
			name: "international",
			message: email.Message{
				From: "Käthe Müller <kaethe@müller.example>", To: []string{"\"Ōta, Jirō\" <jiro@例え.example>"},
				Subject: strings.Repeat("Übergrößenträger ", 20), Text: []byte("日本語"),
			},
			header: map[string]string{
				"From": "Käthe Müller <kaethe@xn--mller-kva.example>", "To": "Ōta, Jirō <jiro@xn--r8jz45g.example>",
				"Subject": strings.Repeat("Übergrößenträger ", 20),
			},
			to: []string{"jiro@xn--r8jz45g.example"}, shape: "text/plain",
			parts: []part{{kind: "text/plain", content: "日本語"}},
		},
		{
			name:    "a local part that must be quoted",
			message: email.Message{To: []string{`"a b"@example.com`}, Text: []byte("x")},
			header:  map[string]string{"To": `<"a b"@example.com>`},
			to:      []string{`"a b"@example.com`}, shape: "text/plain",
			parts: []part{{kind: "text/plain", content: "x"}},
		},
		{
			name:    "a large file",
			message: email.Message{To: to, Text: []byte("x"), Attachments: []email.Attachment{{Name: "a.bin", Content: bytes.Repeat(every, 16<<10)}}},
			to:      []string{"ann@example.com"}, shape: "mixed(text/plain application/octet-stream)",
			parts: []part{
				{kind: "text/plain", content: "x"},
				{kind: "application/octet-stream", disposition: "attachment", name: "a.bin", content: string(bytes.Repeat(every, 16<<10))},
			},
		},
	}
	each(t, func(t *testing.T, d driver) {
		s := start(t, d.open, spec(d.name, 2, d.options), env(t, t.TempDir()))
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				before := time.Now().Truncate(time.Second)
				id := accept(t, s, &c.message)
				if st := settled(t, s, id, email.Delivered); st.Attempts != 1 || st.Reason != "" || !st.Next.IsZero() || st.Accepted.Before(before) {
					t.Errorf("state %+v", st)
				}
				var found []arrived
				for _, m := range d.arrived() {
					if strings.Contains(m.body, "<"+id+">") {
						found = append(found, m)
					}
				}
				if len(found) != 1 {
					t.Fatalf("it arrived %d times", len(found))
				}
				if found[0].to != nil && !reflect.DeepEqual(found[0].to, c.to) {
					t.Errorf("to %q, want %q", found[0].to, c.to)
				}
				header, shape, parts := parse(t, found[0].body)
				for name, want := range c.header {
					got, err := new(mime.WordDecoder).DecodeHeader(header.Get(name))
					if err != nil || got != want {
						t.Errorf("%s: %q, want %q (%v)", name, got, want, err)
					}
				}
				if got := header.Get("Message-Id"); got != "<"+id+">" {
					t.Errorf("Message-ID %s, want <%s>", got, id)
				}
				if date, err := header.Date(); err != nil || date.Before(before) || date.After(time.Now()) {
					t.Errorf("Date %v, %v", date, err)
				}
				if strings.Contains(found[0].body, "secret@") {
					t.Error("a blind copy is in the mail")
				}
				if shape != c.shape {
					t.Errorf("shape %s, want %s", shape, c.shape)
				}
				if want := &c.parts[0].content; len(c.parts) == 1 && *want != "" && !strings.HasSuffix(*want, "\r\n") {
					*want += "\r\n" // a mail ends with its last line
				}
				if !reflect.DeepEqual(parts, c.parts) {
					t.Errorf("parts %.500q, want %.500q", parts, c.parts)
				}
			})
		}
	})
}

// TestRefused sends what breaks the rules.
func TestRefused(t *testing.T) {
	good := func(change func(*email.Message)) *email.Message {
		m := &email.Message{To: []string{"a@example.com"}, Subject: "s", Text: []byte("t")}
		change(m)
		return m
	}
	file := func(a email.Attachment) *email.Message {
		return good(func(m *email.Message) { m.Attachments = []email.Attachment{a} })
	}
	cases := map[string]*email.Message{
		"no recipient":                good(func(m *email.Message) { m.To = nil }),
		"no body":                     good(func(m *email.Message) { m.Text = nil }),
		"CR LF in the subject":        good(func(m *email.Message) { m.Subject = "a\r\nBcc: x@example.com" }),
		"LF in the subject":           good(func(m *email.Message) { m.Subject = "a\nb" }),
		"NUL in the subject":          good(func(m *email.Message) { m.Subject = "a\x00b" }),
		"invalid UTF-8 subject":       good(func(m *email.Message) { m.Subject = "a\xffb" }),
		"a subject without end":       good(func(m *email.Message) { m.Subject = strings.Repeat("x", 1001) }),
		"CR LF in an address":         good(func(m *email.Message) { m.To = []string{"a@example.com\r\nRCPT TO:<x@example.com>"} }),
		"CR LF in a name":             good(func(m *email.Message) { m.To = []string{"\"a\r\nBcc: y\" <a@example.com>"} }),
		"an encoded CR LF in a name":  good(func(m *email.Message) { m.To = []string{"=?utf-8?q?a=0D=0ABcc:_y?= <a@example.com>"} }),
		"NUL in an address":           good(func(m *email.Message) { m.Cc = []string{"a\x00@example.com"} }),
		"no @":                        good(func(m *email.Message) { m.To = []string{"nobody"} }),
		"no domain":                   good(func(m *email.Message) { m.To = []string{"a@"} }),
		"two in one":                  good(func(m *email.Message) { m.Bcc = []string{"a@example.com, b@example.com"} }),
		"a group":                     good(func(m *email.Message) { m.To = []string{"all: a@example.com;"} }),
		"an empty address":            good(func(m *email.Message) { m.To = []string{""} }),
		"a domain that is none":       good(func(m *email.Message) { m.To = []string{"a@exa_mple..com"} }),
		"a local part without end":    good(func(m *email.Message) { m.To = []string{strings.Repeat("a", 65) + "@example.com"} }),
		"a bad sender":                good(func(m *email.Message) { m.From = "shop" }),
		"a bad reply-to":              good(func(m *email.Message) { m.ReplyTo = []string{"x"} }),
		"too many recipients":         good(func(m *email.Message) { m.To = slicesRepeat("a@example.com", 1001) }),
		"invalid UTF-8 text":          good(func(m *email.Message) { m.Text = []byte("\xff") }),
		"invalid UTF-8 html":          good(func(m *email.Message) { m.HTML = []byte("\xff") }),
		"NUL in the text":             good(func(m *email.Message) { m.Text = []byte("a\x00") }),
		"a file without a name":       file(email.Attachment{}),
		"CR LF in a file's name":      file(email.Attachment{Name: "a\r\nX: y"}),
		"a quote in a content type":   file(email.Attachment{Name: "a", ContentType: "text/plain; a=\"b\r\nX: y\""}),
		"a content type that is none": file(email.Attachment{Name: "a", ContentType: "text"}),
		"a file that is a multipart":  file(email.Attachment{Name: "a", ContentType: "multipart/mixed; boundary=x"}),
		"CR LF in a content id":       file(email.Attachment{Name: "a", ContentID: "a\r\nb"}),
		"> in a content id":           file(email.Attachment{Name: "a", ContentID: "a>b"}),
	}
	each(t, func(t *testing.T, d driver) {
		s := start(t, d.open, spec(d.name, 1, d.options), env(t, t.TempDir()))
		for name, m := range cases {
			_, err := do(s, email.Request{Send: m})
			var e *service.Error
			if !errors.As(err, &e) || e.Status != abi.ErrInvalid || e.Message == "" {
				t.Errorf("%s: %v, want EG_E_INVALID with a sentence", name, err)
			}
		}
		if n := len(d.arrived()); n != 0 {
			t.Errorf("%d mails arrived", n)
		}
		if _, err := do(s, email.Request{State: "nobody@example.com"}); !errors.Is(err, abi.ErrNotFound) {
			t.Errorf("state of a mail that is not there: %v", err)
		}
	})
}

func slicesRepeat(s string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = s
	}
	return list
}

// TestBounds: mails over max_message and max_queued, and states after keep.
func TestBounds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d driver) {
		o := config.Options{"max_message": int64(10_000), "max_queued": int64(3), "keep": time.Millisecond}
		for name, value := range d.options {
			o[name] = value
		}
		s := start(t, d.open, spec(d.name, 1, o), env(t, t.TempDir()))
		for _, size := range []int{10_001, 9_500, 64 << 20} {
			_, err := do(s, email.Request{Send: &email.Message{To: to, Text: []byte("x"), Attachments: []email.Attachment{{Name: "a", Content: make([]byte, size)}}}})
			if !errors.Is(err, abi.ErrTooLarge) {
				t.Errorf("a file of %d bytes: %v", size, err)
			}
		}
		id := accept(t, s, &email.Message{To: to, Text: []byte("x")})
		until(t, 10*time.Second, "the mail is forgotten", func() bool {
			_, err := do(s, email.Request{State: id})
			if err != nil && !errors.Is(err, abi.ErrNotFound) {
				t.Fatal(err)
			}
			return err != nil
		})

		// A receiver that is not there lets them wait.
		away := config.Options{"port": int64(1), "path": os.DevNull + "/x"}
		for name, value := range o {
			if _, is := away[name]; !is {
				away[name] = value
			}
		}
		s = start(t, d.open, spec(d.name, 1, away), env(t, t.TempDir()))
		for range 3 {
			id = accept(t, s, &email.Message{To: to, Text: []byte("x")})
		}
		if _, err := do(s, email.Request{Send: &email.Message{To: to, Text: []byte("x")}}); !errors.Is(err, abi.ErrOverloaded) {
			t.Errorf("a mail too many: %v", err)
		}
		until(t, 10*time.Second, "the fault shows", func() bool { return s.Stats().Fault != nil })
		if st := state(t, s, id); st.Phase != email.Queued || st.Next.IsZero() {
			t.Errorf("state %+v", st)
		}
		if err := s.Probe(context.Background()); err == nil {
			t.Error("a probe of a receiver that is not there succeeds")
		}
	})
}

// TestRestart: a service opens while its receiver is away, delivers
// nothing that it was not sent, and what it has accepted survives a restart.
func TestRestart(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		dir := t.TempDir()
		away := config.Options{"port": int64(1), "path": os.DevNull + "/x"}
		for name, value := range d.options {
			if _, is := away[name]; !is {
				away[name] = value
			}
		}
		first := start(t, d.open, spec(d.name, 1, away), env(t, dir))
		id := accept(t, first, &email.Message{To: to, Text: []byte("x")})
		stop(t, first)
		if _, err := do(first, email.Request{State: id}); service.ErrorOf(err).Status != abi.ErrClosing {
			t.Errorf("after close: %v", err)
		}
		second := start(t, d.open, spec(d.name, 1, d.options), env(t, dir))
		settled(t, second, id, email.Delivered)
		if n := len(d.arrived()); n != 1 {
			t.Errorf("%d mails arrived", n)
		}
	})
}

// TestCloseFinishes: what is being delivered when a service closes is finished.
func TestCloseFinishes(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		dir := t.TempDir()
		first := start(t, d.open, spec(d.name, 2, d.options), env(t, dir))
		var ids []string
		for range 20 {
			ids = append(ids, accept(t, first, &email.Message{To: to, Text: []byte("x")}))
		}
		stop(t, first)
		arrivedBefore := len(d.arrived())
		second := start(t, d.open, spec(d.name, 2, d.options), env(t, dir))
		for _, id := range ids {
			settled(t, second, id, email.Delivered)
		}
		if n := len(d.arrived()); n != len(ids) {
			t.Errorf("%d of %d mails arrived, %d before the restart", n, len(ids), arrivedBefore)
		}
	})
}

// TestFileNames: a file name is safe whatever the domain of the sender.
func TestFileNames(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		if d.name != "directory" {
			t.Skip("of the directory driver")
		}
		s := start(t, d.open, spec(d.name, 1, d.options), env(t, t.TempDir()))
		id := accept(t, s, &email.Message{From: "a@[192.0.2.1]", To: to, Text: []byte("x")})
		settled(t, s, id, email.Delivered)
		files, _ := filepath.Glob(filepath.Join(d.options.Text("path"), "*"))
		if len(files) != 1 || strings.ContainsAny(filepath.Base(files[0]), ":[]") {
			t.Errorf("files %q", files)
		}
	})
}
