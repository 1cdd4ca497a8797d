package control

import (
	"context"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/trial"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// try loads a version of an endpoint in a throw-away child, and has it answer
// the endpoint's probe. It tells what that showed.
func (c *Control) try(ctx context.Context, spec model.EndpointSpec, version string) (string, error) {
	library, err := c.artifacts.Library(version)
	if err != nil {
		return "", err
	}
	dir, remove, err := c.scratch("trial-")
	if err != nil {
		return "", err
	}
	defer remove()
	result, err := trial.Run(ctx, trial.Request{Endpoint: spec, Library: library.Path, Dir: dir})
	return result.String(), c.fullTrial(err)
}

// tryAll tries the versions of an endpoint that get traffic, as it is to be.
func (c *Control) tryAll(ctx context.Context, e model.Endpoint, spec model.EndpointSpec) error {
	if _, err := c.try(ctx, spec, e.Version); err != nil {
		return err
	}
	if e.Canary == nil {
		return nil
	}
	_, err := c.try(ctx, spec, e.Canary.Version)
	return err
}
