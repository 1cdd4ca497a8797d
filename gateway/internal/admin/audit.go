package admin

import (
	"context"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

func (a *API) registerAudit() {
	register(a, "list-audit", doc{tag: "keys", summary: "List who changed what", more: "The newest first."},
		func(ctx context.Context, in *struct {
			Paging
			By     string    `query:"by" maxLength:"64" doc:"Only what this key did, or local, file or gateway."`
			Action string    `query:"action" maxLength:"64" doc:"Only this action, or those that begin with it and a dot." example:"endpoint"`
			Target string    `query:"target" maxLength:"256" doc:"Only what was done to this." example:"endpoint/orders"`
			Since  time.Time `query:"since" doc:"Only what was done at this time or later."`
			Until  time.Time `query:"until" doc:"Only what was done before this time."`
		}) (*listed[model.AuditEntry], error) {
			part, err := a.control.Audit(ctx, model.AuditFilter{
				By: in.By, Action: in.Action, Target: in.Target, Since: in.Since, Until: in.Until,
			}, in.page())
			return list(ctx, part, err)
		})
}
