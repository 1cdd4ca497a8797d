package letter

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"
)

// FuzzCompose: whatever is put into a mail, it is refused, or it arrives as it
// was and adds nothing to the headers.
func FuzzCompose(f *testing.F) {
	f.Add("Subject", "Name <a@example.com>", "text", "file.txt", "text/plain", "id")
	f.Add("a\r\nBcc: x@example.com", "\"a\r\nb\" <a@example.com>", "\r\n.\r\n", "a\"b\r\n.txt", "text/plain; x=\"\r\n\"", "a>b")
	f.Add("=?utf-8?q?=0D=0ABcc:_x?=", "=?utf-8?q?=0D=0A?= <a@例え.example>", "ü", "ü\\\".pdf", "", "")
	f.Add("  two  spaces  ", "a@[192.0.2.1]", strings.Repeat("x", 2000), strings.Repeat("ä", 100), "application/octet-stream", "x@y")
	f.Fuzz(func(t *testing.T, subject, address, text, name, contentType, contentID string) {
		own := &mail.Address{Name: "Shop", Address: "shop@example.com"}
		m, err := Compose(&Message{
			To: []string{address}, Subject: subject, Text: []byte(text),
			Attachments: []Attachment{{Name: name, ContentType: contentType, Content: []byte(text), ContentID: contentID}},
		}, own, 1<<20, time.Unix(1, 0))
		if err != nil {
			return
		}
		if want, err := ParseAddress("to", address); err != nil || !slices.Equal(m.Recipients, []string{want.Address}) {
			t.Fatalf("recipients %q of %q", m.Recipients, address)
		}
		for line := range bytes.Lines(m.Body) {
			if len(line) > 1000 || !bytes.HasSuffix(line, []byte("\r\n")) || bytes.IndexByte(line[:len(line)-2], '\r') >= 0 {
				t.Fatalf("the line %q", line)
			}
		}
		read, err := mail.ReadMessage(bytes.NewReader(m.Body))
		if err != nil {
			t.Fatal(err)
		}
		for key, values := range read.Header {
			if !slices.Contains([]string{"Date", "From", "Message-Id", "Mime-Version", "Subject", "To", "Content-Type"}, key) || len(values) != 1 {
				t.Fatalf("header %s: %q", key, values)
			}
		}
		words := new(mime.WordDecoder)
		if got, err := words.DecodeHeader(read.Header.Get("Subject")); err != nil || strings.TrimSpace(got) != strings.TrimSpace(decoded(subject)) {
			t.Fatalf("subject %q, was %q: %v", got, subject, err)
		}
		if list, err := read.Header.AddressList("To"); err != nil || len(list) != 1 || list[0].Address != m.Recipients[0] {
			t.Fatalf("To %v, %v", read.Header.Get("To"), err)
		}
		_, params, err := mime.ParseMediaType(read.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		parts := multipart.NewReader(read.Body, params["boundary"])
		for n := 0; ; n++ {
			p, err := parts.NextRawPart()
			if err == io.EOF && n == 2 {
				return
			}
			if err != nil || n == 2 {
				t.Fatalf("part %d: %v", n, err)
			}
			for key := range p.Header {
				if !slices.Contains([]string{"Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-Id"}, key) {
					t.Fatalf("header %s of part %d", key, n)
				}
			}
			if _, params, err := mime.ParseMediaType(p.Header.Get("Content-Disposition")); n == 1 && (err != nil || params["filename"] != name) {
				t.Fatalf("file %q, was %q: %v", params["filename"], name, err)
			}
		}
	})
}

// decoded is a subject as a reader has it, who cannot tell an encoded word from
// one that looks like it.
func decoded(subject string) string {
	if text, err := new(mime.WordDecoder).DecodeHeader(subject); err == nil {
		return text
	}
	return subject
}
