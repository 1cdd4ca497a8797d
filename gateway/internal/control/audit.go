package control

import (
	"context"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Audit lists the audit, the newest entry first.
func (c *Control) Audit(ctx context.Context, f model.AuditFilter, p model.Page) (list model.List[model.AuditEntry], err error) {
	err = c.state.View(ctx, func(tx *state.Tx) error {
		list, err = tx.Audit(f, p)
		return err
	})
	return list, err
}

// Note adds to the audit what never reached a method of Control, such as a
// request that was denied. Time and actor are filled in where they are missing.
func (c *Control) Note(ctx context.Context, e model.AuditEntry) {
	by := model.ActorOf(ctx)
	if e.By == "" {
		e.By = by.Name
	}
	if e.From == "" {
		e.From = by.From
	}
	if e.At.IsZero() {
		e.At = time.Now()
	}
	const longest = 2000 // an error may quote what a handler said
	if len(e.Detail) > longest {
		e.Detail = e.Detail[:longest] + "..."
	}
	// Whoever asked may have gone; it is noted all the same.
	err := c.state.Update(context.WithoutCancel(ctx), func(tx *state.Tx) error { return tx.AddAudit(e) })
	if err != nil {
		c.log.Error("an entry of the audit is lost", "action", e.Action, "target", e.Target, "by", e.By, "error", err)
	}
}
