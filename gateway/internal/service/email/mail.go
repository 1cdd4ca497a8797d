// Package email is the kind of service that sends mail: eg.email/1.
//
// A mail that is accepted is in the outbox, a database in the service's own
// folder, and on the disk. From there it goes its way without the request:
//
//	letter   checks and composes the mail
//	Submit   has the outbox store it
//	queue    the outbox: one connection, owned by the worker of an actor
//	pump     leases mails that are due to the workers that deliver, and stores
//	         what became of them
//	Driver   delivers: email/directory, email/smtp
//	mover    brings in mails that were sent within a transaction of a database
//
// Delivery is at least once, always with the same Message-ID. A second copy
// can arrive when the process dies, or the connection breaks, between the
// receiver's taking the mail and the outbox's noting it, and in no other way.
package email

import (
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email/letter"
)

// What a mail is made from, and what it is then, see package letter.
type (
	Message    = letter.Message
	Attachment = letter.Attachment
	Mail       = letter.Mail
)

// Request asks for one of two things.
type Request struct {
	Send  *Message // accept it; it is not used any more once Submit returns
	State string   // or tell the state of the mail with this Message-ID
}

// Result is the answer.
type Result struct {
	MessageID string // of Send, without angle brackets
	State     State  // of State
}

// State is what became of a mail.
type State struct {
	Phase    Phase
	Attempts int
	Accepted time.Time
	Next     time.Time // of the next try; zero: there is none
	Reason   string    // of the last failure, or of recipients that did not get it
}

// Phase is where a mail stands.
type Phase int

// The phases.
const (
	Queued    Phase = 1 // waits for its first or next try
	Delivered Phase = 2 // at least one recipient's server has it, and nobody is to be tried again
	Failed    Phase = 3 // given up, and nobody got it
)
