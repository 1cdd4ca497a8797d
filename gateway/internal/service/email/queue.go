package email

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/failpoint"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// put stores a mail. One with the same Message-ID is left as it is: then it is
// here already. most bounds the mails that wait, 0 does not.
func (q *queue) put(m *Mail, most int64) error {
	recipients, err := json.Marshal(m.Recipients)
	if err != nil {
		return err
	}
	q.heavy = q.heavy || len(m.Body) > heavy
	failpoint.Reach("put.begun", m.ID)
	err = q.write(func() error {
		n, err := q.count()
		if err != nil {
			return err
		}
		if most > 0 && n >= most {
			return service.Errorf(abi.ErrOverloaded, "the outbox holds %d mails that wait", n)
		}
		err = q.run(`INSERT INTO mail (id, sender, recipients, accepted, due) VALUES (?1, ?2, ?3, ?4, ?4) ON CONFLICT DO NOTHING`,
			m.ID, m.Sender, string(recipients), m.Accepted)
		if err != nil {
			return err
		}
		if q.conn.Changes() == 0 {
			return nil
		}
		err = q.run(`INSERT INTO body VALUES (?1, ?2)`, m.ID, m.Body)
		failpoint.Reach("put.written", m.ID)
		return err
	})
	failpoint.Reach("put.committed", m.ID)
	return err
}

// count is how many mails wait.
func (q *queue) count() (int64, error) {
	n, err := q.number(`SELECT value FROM outbox WHERE name = 'queued'`)
	if err == nil {
		q.outbox.queued.Store(n)
	}
	return n, err
}

// state tells what became of a mail.
func (q *queue) state(id string) (state State, err error) {
	err = q.rows(`SELECT state, attempts, accepted, due, reason FROM mail WHERE id = ?1`, func(s *sqlite3.Stmt) error {
		state = State{
			Phase: Phase(s.ColumnInt(0)), Attempts: s.ColumnInt(1),
			Accepted: time.Unix(0, s.ColumnInt64(2)), Reason: s.ColumnText(4),
		}
		if state.Phase == Queued {
			state.Next = time.Unix(0, s.ColumnInt64(3))
		}
		return nil
	}, id)
	if err == nil && state.Phase == 0 {
		err = service.Errorf(abi.ErrNotFound, "the outbox has no mail with this Message-ID")
	}
	return state, err
}

// leased is a mail that this service may deliver until its lease ends.
type leased struct {
	Mail
	served  int    // recipients that have it from earlier tries
	refused string // those that will not get it, and why
}

// lease takes up to `most` mails that are due, those that wait longest first.
func (q *queue) lease(most int, now, until time.Time) (mails []*leased, err error) {
	err = q.rows(`
		UPDATE mail SET owner = ?1, due = ?2, attempts = attempts + 1
		WHERE id IN (SELECT id FROM mail WHERE state = 1 AND due <= ?3 ORDER BY due LIMIT ?4)
		RETURNING id, sender, recipients, accepted, attempts, served, refused`,
		func(s *sqlite3.Stmt) error {
			m := &leased{served: s.ColumnInt(5), refused: s.ColumnText(6)}
			m.ID, m.Sender, m.Accepted, m.Attempts = s.ColumnText(0), s.ColumnText(1), time.Unix(0, s.ColumnInt64(3)), s.ColumnInt(4)
			mails = append(mails, m)
			return json.Unmarshal(s.ColumnRawText(2), &m.Recipients)
		}, q.outbox.owner, until, now, most)
	for _, m := range mails {
		if err == nil {
			err = q.rows(`SELECT data FROM body WHERE id = ?1`, func(s *sqlite3.Stmt) error {
				m.Body = s.ColumnBlob(0, nil)
				q.heavy = q.heavy || len(m.Body) > heavy
				return nil
			}, m.ID)
		}
	}
	return mails, err
}

// next is when the next mail is due; zero if none waits.
func (q *queue) next() (time.Time, error) {
	var due time.Time
	err := q.rows(`SELECT due FROM mail WHERE state = 1 ORDER BY due LIMIT 1`, func(s *sqlite3.Stmt) error {
		due = time.Unix(0, s.ColumnInt64(0))
		return nil
	})
	return due, err
}

// outcome is what is to be noted of a mail after a try.
type outcome struct {
	id         string
	phase      Phase
	recipients []string // to be tried again
	served     int
	refused    string
	reason     string
	down       bool
	due        time.Time
}

// note stores an outcome. Whoever has lost the lease may only say that the mail
// is delivered, which stays true.
func (q *queue) note(o outcome, now time.Time) error {
	recipients, err := json.Marshal(o.recipients)
	if err != nil {
		return err
	}
	var done any
	if o.phase != Queued {
		done = now
	}
	err = q.run(`
		UPDATE mail SET state = ?2, recipients = ?3, served = ?4, refused = ?5, reason = ?6, down = ?7, due = ?8, done = ?9, owner = NULL
		WHERE id = ?1 AND state = 1 AND (owner = ?10 OR ?2 = 2)`,
		o.id, int64(o.phase), string(recipients), o.served, o.refused, o.reason, o.down, o.due, done, q.outbox.owner)
	if err == nil && o.phase == Delivered {
		err = q.run(`DELETE FROM body WHERE id = ?1`, o.id)
	}
	return err
}

// outcomeOf says what follows from a verdict. The last of the tries is the one
// that makes the number `most`.
func outcomeOf(m *leased, v Verdict, most int, retry time.Duration, now time.Time) outcome {
	o := outcome{id: m.ID, phase: Queued, down: v.Down != nil, due: now}
	o.served = m.served + len(m.Recipients) - len(v.Refused) - len(v.Later)
	refused := v.Refused
	if m.Attempts >= most {
		for _, r := range v.Later {
			refused = append(refused, Refusal{r.Recipient, r.Reason + " (given up)"})
		}
		v.Later = nil
	}
	o.refused = join(m.refused, refused)
	o.reason = join(o.refused, v.Later)
	switch {
	case len(v.Later) > 0:
		o.due = now.Add(backoff(retry, m.Attempts))
		for _, r := range v.Later {
			o.recipients = append(o.recipients, r.Recipient)
		}
	case o.served > 0:
		o.phase = Delivered
	default:
		o.phase = Failed
	}
	return o
}

// join makes one text of refusals: each reason once, with all it is about.
func join(before string, refusals []Refusal) string {
	lines := []string{}
	if before != "" {
		lines = append(lines, before)
	}
	whose := map[string][]string{}
	var order []string
	for _, r := range refusals {
		if whose[r.Reason] == nil {
			order = append(order, r.Reason)
		}
		whose[r.Reason] = append(whose[r.Reason], r.Recipient)
	}
	for _, reason := range order {
		lines = append(lines, strings.Join(whose[reason], ", ")+": "+reason)
	}
	return strings.Join(lines, "\n")
}

// A mail that has failed this often because nothing could be delivered keeps to
// its own pace, so that a server that comes and goes does not use up its tries.
const patience = 3

// revive makes those due that waited for the server to come back.
func (q *queue) revive(now time.Time) error {
	return q.write(func() error {
		return q.run(`UPDATE mail SET due = ?1 WHERE state = 1 AND down AND owner IS NULL AND due > ?1 AND attempts < ?2`, now, patience)
	})
}

// purge forgets mails that were done before a time.
func (q *queue) purge(before time.Time) error {
	err := q.write(func() error {
		err := q.run(`DELETE FROM body WHERE id IN (SELECT id FROM mail WHERE state <> 1 AND done < ?1)`, before)
		if err != nil {
			return err
		}
		failpoint.Reach("purge.begun", "")
		return q.run(`DELETE FROM mail WHERE state <> 1 AND done < ?1`, before)
	})
	failpoint.Reach("purge.done", "")
	if err != nil {
		return err
	}
	return q.conn.Exec(`PRAGMA incremental_vacuum(2000)`)
}
