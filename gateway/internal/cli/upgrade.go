package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/client"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

type upgradeCommand struct {
	Program string        `help:"Path of the new program, on the gateway's machine; default: what lies now where the running one was started from." placeholder:"PATH"`
	Timeout time.Duration `help:"Within what time the new program has to serve." default:"1m"`
	remote
}

func (c upgradeCommand) Run(ctx context.Context) error {
	if c.Program != "" {
		path, err := filepath.Abs(c.Program)
		if err != nil {
			return err
		}
		c.Program = path
	}
	gateway, err := c.client()
	if err != nil {
		return err
	}
	request := model.UpgradeRequest{Program: c.Program, Timeout: model.Duration(c.Timeout)}
	var u model.Upgrade
	if err := gateway.Do(ctx, client.Request{Method: http.MethodPost, Path: "/upgrade", In: request}, &u); err != nil {
		return err
	}
	if u, err = c.outcome(ctx, gateway, u); err != nil {
		return err
	}
	if u.State != model.UpgradeDone {
		return refusal{fmt.Errorf("the program is not replaced, %s serves as before: %s", u.From, u.Reason)}
	}
	c.print(u, func() { fmt.Printf("%s serves, for %s; it is the same process\n", u.To, u.From) })
	return nil
}

// outcome waits for the end of an upgrade. Between the two programs nobody
// answers.
func (c upgradeCommand) outcome(ctx context.Context, gateway *client.Client, u model.Upgrade) (model.Upgrade, error) {
	const more = 30 * time.Second // to come back in
	ctx, cancel := context.WithTimeoutCause(ctx, c.Timeout+more, errors.New("how the upgrade went could not be learned in time; look at the log of the gateway"))
	defer cancel()
	for u.State == model.UpgradeRuns {
		select {
		case <-ctx.Done():
			return u, context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
		var now model.Upgrade
		if err := gateway.Do(ctx, client.Request{Method: http.MethodGet, Path: "/upgrade"}, &now); err == nil {
			u = now
		}
	}
	return u, nil
}
