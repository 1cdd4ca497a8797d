package edge

import "time"

// Email sends mail. A mail that was accepted is durable in the service's outbox
// and will be delivered at least once, always with the same Message-ID.
type Email interface {
	// Send accepts a mail and returns its Message-ID, without angle brackets.
	Send(Message) (id string, err error)

	// SendIn is Send as a part of a transaction: the mail is a row in that
	// database, and is sent if the transaction is committed. [ErrTxGone];
	// [ErrDenied]: the email service takes no mail from that database.
	SendIn(tx Tx, m Message) (id string, err error)

	// State tells what became of a mail. [ErrNotFound].
	State(id string) (*Delivery, error)
}

// Message is a mail: at least one recipient, and a text or an HTML body. An
// address is "a@example.com" or "Name <a@example.com>".
type Message struct {
	From        string // "": the service's own
	To          []string
	Cc          []string
	Bcc         []string
	ReplyTo     []string
	Subject     string
	Text        string
	HTML        string
	Attachments []Attachment
}

// Attachment is a file in a mail.
type Attachment struct {
	Name        string
	ContentType string // "": by the name, else application/octet-stream
	Content     []byte
	ContentID   string // of one that the HTML shows as cid:…; "": a file
}

// Delivery is how far a mail has come.
type Delivery struct {
	State    DeliveryState
	Attempts int
	Accepted time.Time
	Next     time.Time // of the next try; zero if there is none
	Reason   string    // of the last failure; or ""
}

// DeliveryState is the state of a mail.
type DeliveryState uint32

const (
	Queued    DeliveryState = 1 + iota // waits for its first or next try
	Delivered                          // taken by the server, or written to the folder
	Failed                             // given up, see Delivery.Reason
)
