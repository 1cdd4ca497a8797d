// Package letter makes mails out of what a caller wants to send. Nothing that a
// caller gives can add a header, a recipient or a part: it is refused, or encoded.
package letter

import (
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// Message is a mail to be sent. Addresses are "a@example.com" or
// "Name <a@example.com>". It needs a recipient, and a text or HTML.
type Message struct {
	From        string // "": the service's own
	To, Cc, Bcc []string
	ReplyTo     []string
	Subject     string
	Text, HTML  []byte // nil: without
	Attachments []Attachment
	// Transaction is a database in which the request has a transaction open:
	// the mail is sent if, and when, that is committed. nil: at once.
	Transaction *service.Handle
}

// Attachment is a file that goes with a mail.
type Attachment struct {
	Name        string
	ContentType string // "": by the name
	Content     []byte
	ContentID   string // of one that the HTML shows as cid:…; "": a file
}

// Mail is a mail that is composed: what goes into the outbox and from there to
// its recipients.
type Mail struct {
	ID         string // Message-ID without angle brackets
	Sender     string // of the envelope
	Recipients []string
	Body       []byte // headers and all, lines ended by CR LF
	Accepted   time.Time
	Attempts   int // this one included, once it is being delivered
}
