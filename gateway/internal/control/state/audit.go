package state

import (
	"math"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// AuditKept is how many entries of the audit are kept, and pruneEvery a few
// more may be there for a time.
const (
	AuditKept  = 100_000
	pruneEvery = 1000
)

// AddAudit adds an entry.
func (t *Tx) AddAudit(e model.AuditEntry) error {
	e.ID = 0 // the row has it
	data, err := encode(e)
	if err != nil {
		return err
	}
	_, err = t.conn.run(`INSERT INTO audit (at, who, action, target, data) VALUES (?1, ?2, ?3, ?4, ?5)`, e.At, e.By, e.Action, e.Target, data)
	if err == nil && t.conn.db.LastInsertRowID()%pruneEvery == 0 {
		err = t.PruneAudit(AuditKept) // whoever is denied often is not to fill the disk
	}
	return err
}

// Audit is a page of the entries that a filter selects, the newest first. Since
// is within what is selected, Until is not.
func (t *Tx) Audit(f model.AuditFilter, p model.Page) (model.List[model.AuditEntry], error) {
	until := int64(math.MaxInt64)
	if !f.Until.IsZero() {
		until = f.Until.UnixNano()
	}
	since := int64(math.MinInt64)
	if !f.Since.IsZero() {
		since = f.Since.UnixNano()
	}
	return newest(t, "audit", p, func(e *model.AuditEntry, id int64) { e.ID = id }, `
		SELECT data, id FROM audit
		WHERE id < ?1 AND (?3 = '' OR who = ?3) AND (?4 = '' OR target = ?4)
			AND (?5 = '' OR action = ?5 OR substr(action, 1, length(?5) + 1) = ?5 || '.')
			AND at >= ?6 AND at < ?7
		ORDER BY id DESC LIMIT ?2`, f.By, f.Target, f.Action, since, until)
}

// PruneAudit forgets all but the newest entries.
func (t *Tx) PruneAudit(keep int) error {
	// The oldest go first, so that there are no gaps between the numbers.
	_, err := t.conn.run(`DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?1`, max(keep, 0))
	return err
}
