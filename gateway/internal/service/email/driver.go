package email

import (
	"context"
	"errors"
)

// Driver delivers mails. Its methods are called by several workers at once.
type Driver interface {
	// Connect gets a worker its connection. An error says that no mail can be
	// delivered now, see [Refused] too.
	Connect(ctx context.Context) (Conn, error)
}

// Conn is what one worker delivers over, one mail at a time.
type Conn interface {
	// Deliver hands a mail over. It ends with ctx.
	Deliver(ctx context.Context, m *Mail) Verdict
	// Close ends it. It must not block for long.
	Close()
}

// Verdict is what one try came to. Recipients in neither list have the mail.
type Verdict struct {
	Refused []Refusal // will not get it
	Later   []Refusal // did not get it this time
	// Down says that no mail at all can be delivered: tries are put off until
	// Connect succeeds.
	Down error
}

// Refusal is a recipient that did not get a mail, and why.
type Refusal struct{ Recipient, Reason string }

// Refuse makes refusals of one reason.
func Refuse(recipients []string, reason string) []Refusal {
	refusals := make([]Refusal, len(recipients))
	for n, recipient := range recipients {
		refusals[n] = Refusal{recipient, reason}
	}
	return refusals
}

// Unavailable is the verdict that no mail can be delivered now.
func Unavailable(m *Mail, err error) Verdict {
	return Verdict{Later: Refuse(m.Recipients, err.Error()), Down: err}
}

// ErrRefused is in the chain of an error of Connect when the server is there
// and does not let us in. It is asked again at the pace of a mail, not at that
// of a server that is down: wrong passwords lock accounts.
var ErrRefused = errors.New("the server refused the login")
