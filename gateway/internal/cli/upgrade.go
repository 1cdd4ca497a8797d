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
	switch u.State {
	case model.UpgradeDone:
	case model.UpgradeNone: // a program that was started anew, and took nothing over
		return errors.New("the new program has ended before it served, and the gateway was started again; its log says why")
	default:
		return refusal{fmt.Errorf("the program is not replaced, %s serves as before: %s", u.From, u.Reason)}
	}
	c.print(u, func() { fmt.Printf("%s serves, for %s: %s, in the same process\n", u.To, u.From, u.Program) })
	return nil
}

// outcome waits for the end of an upgrade. Between the two programs nobody
// answers, but connections are held; that they are refused for long means that
// there is no program any more.
func (c upgradeCommand) outcome(ctx context.Context, gateway *client.Client, u model.Upgrade) (model.Upgrade, error) {
	const (
		more = 30 * time.Second // to come back in
		gone = 3 * time.Second  // refused for so long
	)
	answered := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, c.Timeout+more, errors.New("how the upgrade went could not be learned in time; look at the log of the gateway"))
	defer cancel()
	for u.State == model.UpgradeRuns {
		select {
		case <-ctx.Done():
			return u, context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
		var now model.Upgrade
		err := gateway.Do(ctx, client.Request{Method: http.MethodGet, Path: "/upgrade"}, &now)
		switch {
		case err == nil:
			u = now
			fallthrough
		case !errors.Is(err, client.ErrUnreachable):
			answered = time.Now()
		case time.Since(answered) > gone:
			return u, fmt.Errorf("the new program has ended before it served, and the gateway with it, unless a service manager starts it again; its log says why: %w", err)
		}
	}
	return u, nil
}
