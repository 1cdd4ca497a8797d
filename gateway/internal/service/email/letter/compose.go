package letter

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// Limits of a mail besides its size. A line of a header has at most 998 bytes
// (RFC 5322, 2.1.1), and not every text can be folded.
const (
	MaxRecipients  = 1000
	MaxAttachments = 256
	maxSubject     = 900 // bytes
	maxFileName    = 255
	maxContentID   = 255
	maxContentType = 255
)

// Compose makes the mail: who gets it, and its bytes, at most `limit`. It is from
// `own` unless the message says otherwise. The blind copies are in the envelope
// alone. Nothing of the message is used any more when it returns. Its errors are
// those of a service.
func Compose(m *Message, own *mail.Address, limit int64, now time.Time) (*Mail, error) {
	if m.size() > limit {
		return nil, TooLarge(limit)
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	from := own
	if m.From != "" {
		var err error
		if from, err = ParseAddress("from", m.From); err != nil {
			return nil, err
		}
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	composed := &Mail{Sender: from.Address, Accepted: now}
	seen := map[string]bool{}
	for _, list := range []struct {
		header gomail.AddrHeader
		field  string
		texts  []string
	}{
		{gomail.HeaderTo, "to", m.To}, {gomail.HeaderCc, "cc", m.Cc}, {"", "bcc", m.Bcc}, {gomail.HeaderReplyTo, "reply_to", m.ReplyTo},
	} {
		parsed, err := parseAddresses(list.field, list.texts)
		if err != nil {
			return nil, err
		}
		if list.header != "" && len(parsed) > 0 {
			msg.SetAddrHeaderFromMailAddress(list.header, parsed...)
		}
		if list.header == gomail.HeaderReplyTo {
			continue
		}
		for _, a := range parsed {
			if !seen[a.Address] {
				seen[a.Address] = true
				composed.Recipients = append(composed.Recipients, a.Address)
			}
		}
	}
	composed.ID = newMessageID(from.Address)
	msg.FromMailAddress(from)
	msg.SetMessageIDWithValue(composed.ID)
	msg.SetDateWithValue(now)
	if m.Subject != "" {
		msg.Subject(m.Subject)
	}
	m.addBodies(msg)
	m.addFiles(msg)

	var body bytes.Buffer
	body.Grow(int(m.size())*3/2 + 1024)
	if _, err := msg.WriteTo(&body); err != nil {
		return nil, service.Errorf(abi.ErrInternal, "the mail cannot be composed: %v", err)
	}
	if !bytes.HasSuffix(body.Bytes(), []byte("\r\n")) {
		body.WriteString("\r\n") // a mail is made of lines
	}
	if int64(body.Len()) > limit {
		return nil, TooLarge(limit)
	}
	composed.Body = body.Bytes()
	return composed, nil
}

// TooLarge is the error for a mail over a limit of bytes.
func TooLarge(limit int64) error {
	return service.Errorf(abi.ErrTooLarge, "the mail is larger than %d bytes", limit)
}

// size is what its content adds up to, before it is encoded.
func (m *Message) size() int64 {
	n := len(m.Subject) + len(m.Text) + len(m.HTML)
	for _, a := range m.Attachments {
		n += len(a.Name) + len(a.Content)
	}
	return int64(n)
}

func (m *Message) check() error {
	recipients := len(m.To) + len(m.Cc) + len(m.Bcc)
	switch {
	case recipients == 0:
		return invalid("the mail has no recipient")
	case recipients > MaxRecipients || len(m.ReplyTo) > MaxRecipients:
		return invalid("the mail has more than %d recipients", MaxRecipients)
	case m.Text == nil && m.HTML == nil:
		return invalid("the mail has neither text nor HTML")
	case !utf8.Valid(m.Text):
		return invalid("text is not UTF-8")
	case !utf8.Valid(m.HTML):
		return invalid("html is not UTF-8")
	case bytes.IndexByte(m.Text, 0) >= 0 || bytes.IndexByte(m.HTML, 0) >= 0:
		return invalid("text and html must not hold NUL")
	case len(m.Attachments) > MaxAttachments:
		return invalid("the mail has more than %d attachments", MaxAttachments)
	}
	if err := checkLine("subject", m.Subject, maxSubject); err != nil {
		return err
	}
	for n := range m.Attachments {
		if err := m.Attachments[n].check(); err != nil {
			return err
		}
	}
	return nil
}

func (a *Attachment) check() error {
	if err := checkLine("the name of an attachment", a.Name, maxFileName); err != nil {
		return err
	}
	if err := checkLine("content_type", a.ContentType, maxContentType); err != nil {
		return err
	}
	if err := checkLine("content_id", a.ContentID, maxContentID); err != nil {
		return err
	}
	for _, r := range a.ContentID {
		if r <= ' ' || r > '~' || r == '<' || r == '>' {
			return invalid("content_id %q holds a character that it must not", shorten(a.ContentID))
		}
	}
	if a.Name == "" && a.ContentID == "" {
		return invalid("an attachment has no name")
	}
	if a.ContentType != "" {
		if t, _, err := mime.ParseMediaType(a.ContentType); err != nil || !strings.Contains(t, "/") || strings.HasPrefix(t, "multipart/") {
			return invalid("content_type %q is not valid", shorten(a.ContentType))
		}
	}
	return nil
}

func (m *Message) addBodies(msg *gomail.Msg) {
	add := msg.SetBodyWriter
	if m.Text != nil {
		add(gomail.TypeTextPlain, writing(m.Text))
		add = msg.AddAlternativeWriter
	}
	if m.HTML != nil {
		add(gomail.TypeTextHTML, writing(m.HTML))
	}
}

func writing(content []byte) func(io.Writer) (int64, error) {
	return func(w io.Writer) (int64, error) {
		n, err := w.Write(content)
		return int64(n), err
	}
}

// addFiles sets the headers of the parts itself: names that are not ASCII
// are written as RFC 2231 has it.
func (m *Message) addFiles(msg *gomail.Msg) {
	for _, a := range m.Attachments {
		contentType, params := "application/octet-stream", map[string]string(nil)
		if a.ContentType != "" {
			contentType, params, _ = mime.ParseMediaType(a.ContentType)
		} else if t, p, err := mime.ParseMediaType(mime.TypeByExtension(filepath.Ext(a.Name))); err == nil {
			contentType, params = t, p
		}
		named := map[string]string{}
		if a.Name != "" {
			named["filename"] = a.Name
		}
		describe := func(disposition string) gomail.FileOption {
			return func(f *gomail.File) {
				f.Header.Set("Content-Type", mime.FormatMediaType(contentType, params))
				f.Header.Set("Content-Disposition", mime.FormatMediaType(disposition, named))
			}
		}
		content := bytes.NewReader(a.Content)
		if a.ContentID != "" {
			msg.EmbedReadSeeker(a.Name, content, describe("inline"), gomail.WithFileContentID("<"+a.ContentID+">"))
		} else {
			msg.AttachReadSeeker(a.Name, content, describe("attachment"))
		}
	}
}

// newMessageID is unique by its 130 random bits.
func newMessageID(sender string) string {
	domain := strings.Trim(sender[strings.LastIndexByte(sender, '@')+1:], "[]")
	return fmt.Sprintf("%s@%s", strings.ToLower(rand.Text()), domain)
}
