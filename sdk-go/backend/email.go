package backend

import edge "github.com/edge-gateway/edge-gateway/sdk-go"

// Email is what a gateway has of an email service.
type Email interface {
	// Send accepts a mail, as a part of the transaction that is open on a
	// database, or with nil by itself.
	Send(m edge.Message, in SQL) (id string, err error)
	State(id string) (*edge.Delivery, error)
}

// NewEmail makes the service of a backend.
func NewEmail(b Email) edge.Email { return email{b} }

type email struct{ Email }

func (e email) Send(m edge.Message) (string, error) { return e.Email.Send(m, nil) }

func (e email) SendIn(tx edge.Tx, m edge.Message) (string, error) {
	t, ok := tx.(*transaction)
	switch {
	case !ok:
		return "", failure(edge.ErrInvalid, "a %T is no transaction of this gateway", tx)
	case t.over.Load():
		return "", errOver
	}
	return e.Email.Send(m, t.backend)
}
