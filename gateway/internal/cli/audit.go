package cli

import (
	"context"
	"net/url"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

type auditCommand struct {
	remote
	By     string `help:"Only what this key did."`
	Action string `help:"Only this kind of change, such as endpoint.deploy or endpoint."`
	Target string `help:"Only what was done to this, such as endpoint/orders."`
	Number int    `short:"n" default:"50" help:"How many, the newest first."`
}

func (c auditCommand) Run(ctx context.Context) error {
	query := url.Values{}
	set(query, "by", c.By)
	set(query, "action", c.Action)
	set(query, "target", c.Target)
	return list(ctx, c.remote, "/audit", query, c.Number, func(entries []model.AuditEntry) {
		t := newTable("WHEN", "BY", "FROM", "WHAT", "TARGET", "OUTCOME", "DETAIL")
		for _, e := range entries {
			t.add(e.At.Local().Format("2006-01-02 15:04:05"), e.By, e.From, e.Action, e.Target, e.Outcome, e.Detail)
		}
		t.print("No change was found.")
	})
}
