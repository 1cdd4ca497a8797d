package control

import (
	"context"
	"path/filepath"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Upgrade has the process become another program. When it returns that has
// begun, and the control plane is about to be closed.
func (c *Control) Upgrade(ctx context.Context, r model.UpgradeRequest) (u model.Upgrade, err error) {
	d := c.deed(ctx, "gateway.upgrade", "gateway")
	defer d.ended(&err)
	switch {
	case c.opts.Upgrade == nil:
		return u, model.Errorf(model.Conflict, "this gateway cannot be replaced while it serves: it runs in a single process, or on a system where that cannot be done")
	case r.Program != "" && !filepath.IsAbs(r.Program):
		return u, model.Errorf(model.Invalid, "program %q is no absolute path", r.Program)
	case r.Timeout < 0:
		return u, model.Errorf(model.Invalid, "timeout %s is negative", r.Timeout)
	case r.Timeout == 0:
		r.Timeout = model.Duration(time.Minute)
	}
	c.upgrade.Lock()
	defer c.upgrade.Unlock()
	if c.upgraded.State == model.UpgradeRuns {
		return u, model.Errorf(model.Conflict, "an upgrade is under way")
	}
	if u, err = c.opts.Upgrade(ctx, r); err != nil {
		return u, err
	}
	c.upgraded = u
	d.tell("%s for %s, %s", u.To, u.From, u.Program)
	return u, c.state.Update(context.WithoutCancel(ctx), func(tx *state.Tx) error { return d.done(tx) })
}

// LastUpgrade tells how the last one went.
func (c *Control) LastUpgrade() model.Upgrade {
	c.upgrade.Lock()
	defer c.upgrade.Unlock()
	return c.upgraded
}

// Upgraded takes note of how one went, which an earlier program has begun.
func (c *Control) Upgraded(u model.Upgrade) {
	c.upgrade.Lock()
	defer c.upgrade.Unlock()
	c.upgraded = u
}
