package scenarios

import (
	"errors"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

var emailScenarios = map[string]func(*run) error{
	"email-send": emailSend, "email-commit": emailCommit, "email-rollback": emailRollback, "email-state": emailState, "email-refused": emailRefused,
}

func (r *run) mail(subject string) edge.Message {
	return edge.Message{
		To: []string{"Ann <ann@example.com>"}, Cc: []string{"bob@example.com"}, Bcc: []string{"secret@example.com"}, ReplyTo: []string{"desk@example.com"},
		Subject: subject + " by " + r.Param("how"), Text: "plain text", HTML: "<p>html</p>",
		Attachments: []edge.Attachment{{Name: "data.bin", Content: []byte("\x00content\xff")}},
	}
}

func emailSend(r *run) error {
	mail, err := r.Email("mail")
	if err != nil {
		return err
	}
	id, err := mail.Send(r.mail("sent"))
	r.say("%s", id)
	return err
}

func emailCommit(r *run) error   { return r.mailInTransaction("committed", edge.Tx.Commit) }
func emailRollback(r *run) error { return r.mailInTransaction("rolled back", edge.Tx.Rollback) }

func (r *run) mailInTransaction(subject string, end func(edge.Tx) error) error {
	db, err := r.database()
	if err != nil {
		return err
	}
	mail, err := r.Email("mail")
	if err != nil {
		return err
	}
	tx, err := db.Begin(edge.TxOptions{})
	if err != nil {
		return err
	}
	if _, err := tx.Exec(insertNote, 1, "a", 1); err != nil {
		return err
	}
	id, err := mail.SendIn(tx, r.mail(subject))
	if err != nil {
		return err
	}
	r.say("%s", id)
	return end(tx)
}

// emailState tells of the mail whose id is the query.
func emailState(r *run) error {
	mail, err := r.Email("mail")
	if err != nil {
		return err
	}
	d, err := mail.State(r.Query)
	if errors.Is(err, edge.ErrNotFound) {
		r.say("none")
		return nil
	}
	if err != nil {
		return err
	}
	r.say("%s after %d", [...]string{"", "queued", "delivered", "failed"}[d.State], d.Attempts)
	return nil
}

func emailRefused(r *run) error {
	mail, err := r.Email("mail")
	if err != nil {
		return err
	}
	for _, m := range []struct {
		label string
		edge.Message
	}{
		{"nobody", edge.Message{Subject: "s", Text: "t"}},
		{"no body", edge.Message{To: []string{"a@example.com"}, Subject: "s"}},
		{"injection", edge.Message{To: []string{"a@example.com"}, Subject: "s\r\nBcc: b@example.com", Text: "t"}},
		{"address", edge.Message{To: []string{"no address"}, Subject: "s", Text: "t"}},
	} {
		_, err := mail.Send(m.Message)
		r.outcome(m.label, err)
	}
	return nil
}
