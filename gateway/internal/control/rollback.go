package control

import (
	"context"
	"slices"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/page"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Rollback deploys the version that was deployed before the present one. A
// rollback after a rollback goes one further back: with A, B and C deployed in
// this order, two of them lead to B and then to A. After an undeploy it brings
// back what was deployed last. Versions that were deleted, or are in quarantine,
// are passed over.
func (c *Control) Rollback(ctx context.Context, endpoint string) (result model.DeployResult, err error) {
	d := c.deed(ctx, "endpoint.rollback", "endpoint/"+endpoint)
	defer d.ended(&err)
	release, err := c.endpoints.take(ctx, endpoint)
	if err != nil {
		return result, err
	}
	defer release()
	is, err := c.now.Load().own(endpoint)
	if err != nil {
		return result, err
	}
	var history []model.Deploy
	var versions []model.Version
	err = c.state.View(ctx, func(tx *state.Tx) error {
		list, err := tx.Deploys(endpoint, model.Page{Limit: page.Most})
		if err != nil {
			return err
		}
		history = list.Items
		versions, err = tx.Versions(endpoint)
		return err
	})
	if err != nil {
		return result, err
	}
	to := before(history, is.Version, func(digest string) bool {
		return !inQuarantine(is.Quarantine, digest) && slices.ContainsFunc(versions, func(v model.Version) bool { return v.Digest == digest })
	})
	if to == "" {
		return result, model.Errorf(model.Conflict, "endpoint %q has no version to go back to: none was deployed before the present one, or it was deleted", endpoint)
	}
	shown, err := c.try(ctx, is.EndpointSpec, to)
	if err != nil {
		return result, err
	}
	result, err = c.switchTo(ctx, d, model.Deploy{Endpoint: endpoint, Action: "rollback", New: to})
	result.Trial = shown
	return result, err
}

// before finds the version before the present one in a history, of which the
// newest entry is the first.
func before(history []model.Deploy, present string, has func(digest string) bool) string {
	line := lineOf(history)
	if n := len(line); n > 0 && line[n-1] == present {
		line = line[:n-1]
	}
	for _, digest := range slices.Backward(line) {
		if digest != present && has(digest) {
			return digest
		}
	}
	return ""
}

// lineOf is what a history comes to when each way back takes away what it went
// back over: the versions deployed, the oldest first.
func lineOf(history []model.Deploy) (line []string) {
	for _, one := range slices.Backward(history) {
		switch one.Action {
		case "deploy", "promote":
			line = append(line, one.New)
		case "rollback", "quarantine":
			if one.New == "" {
				continue // there was none to go back to
			}
			i := len(line) - 1
			for i >= 0 && line[i] != one.New {
				i--
			}
			if line = line[:i+1]; i < 0 { // older than what is known
				line = append(line, one.New)
			}
		}
	}
	return line
}
