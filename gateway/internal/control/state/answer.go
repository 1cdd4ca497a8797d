package state

import (
	"time"

	"github.com/ncruces/go-sqlite3"
)

// Answer is what was answered under an idempotency key, or nothing where that is
// not known yet; the request tells what it was for. It is sealed on the disk: that of a new key has its token.
type Answer struct {
	Request string
	Answer  []byte
}

const (
	answerLife  = 24 * time.Hour
	mostAnswers = 10_000
)

// Answer finds one of the last 24 hours.
func (t *Tx) Answer(actor, key string) (a Answer, found bool, err error) {
	err = t.conn.rows(`SELECT request, sealed FROM answer WHERE actor = ?1 AND key = ?2 AND at > ?3`, func(row *sqlite3.Stmt) error {
		found = true
		a.Request = row.ColumnText(0)
		a.Answer, err = t.store.seal.open(row.ColumnRawBlob(1), "answer", actor, key, a.Request)
		return err
	}, actor, key, t.store.now().Add(-answerLife))
	return a, found, err
}

// DeleteAnswer forgets one.
func (t *Tx) DeleteAnswer(actor, key string) error {
	_, err := t.conn.run(`DELETE FROM answer WHERE actor = ?1 AND key = ?2`, actor, key)
	return err
}

// PutAnswer keeps one, and forgets those that are older and the oldest of too
// many.
func (t *Tx) PutAnswer(actor, key string, a Answer) error {
	now := t.store.now()
	sealed := t.store.seal.close(a.Answer, "answer", actor, key, a.Request)
	_, err := t.conn.run(`INSERT OR REPLACE INTO answer (actor, key, at, request, sealed) VALUES (?1, ?2, ?3, ?4, ?5)`, actor, key, now, a.Request, sealed)
	if err != nil {
		return err
	}
	last := t.conn.db.LastInsertRowID()
	_, err = t.conn.run(`DELETE FROM answer WHERE at <= ?1 OR id <= ?2`, now.Add(-answerLife), last-mostAnswers)
	return err
}
