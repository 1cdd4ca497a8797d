package control

import (
	"context"
	"fmt"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// deed is what somebody is about to change, for the audit. A method that
// changes something begins with
//
//	d := c.deed(ctx, "endpoint.deploy", "endpoint/"+name)
//	defer d.ended(&err)
//
// and has done called in the transaction of the change.
type deed struct {
	c     *Control
	ctx   context.Context
	entry model.AuditEntry
}

func (c *Control) deed(ctx context.Context, action, target string) *deed {
	by := model.ActorOf(ctx)
	return &deed{c: c, ctx: ctx, entry: model.AuditEntry{By: by.Name, From: by.From, Action: action, Target: target}}
}

// tell adds to what will be told of the deed. No secret may be in it.
func (d *deed) tell(format string, args ...any) {
	if d.entry.Detail != "" {
		d.entry.Detail += "; "
	}
	d.entry.Detail += fmt.Sprintf(format, args...)
}

// done writes the deed down as part of the change.
func (d *deed) done(tx *state.Tx) error {
	if err := noteKeyUse(d.ctx, tx); err != nil {
		return err
	}
	entry := d.entry
	entry.At, entry.Outcome = time.Now(), "done"
	return tx.AddAudit(entry)
}

// ended notes a deed that failed. It is deferred.
func (d *deed) ended(err *error) {
	if *err == nil {
		return
	}
	*err = fullDisk(*err)
	d.entry.Outcome, d.entry.Detail = "failed", (*err).Error()
	d.c.Note(d.ctx, d.entry)
}
