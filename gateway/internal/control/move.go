package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// errOvertaken says that what was decided does not hold any more.
var errOvertaken = errors.New("it has changed meanwhile")

var errNothingDecided = errors.New("nothing was decided about it")

// changePlacement is a change of where a version runs. It concerns endpoints of
// the file, too.
func (c *Control) changePlacement(ctx context.Context, action string, v versionOfEndpoint, f func(*edit, *deed) error) error {
	d := c.deed(ctx, action, "endpoint/"+v.endpoint)
	return c.change(ctx, d, func(e *edit) error {
		if !e.runs(v) {
			return errOvertaken
		}
		return f(e, d)
	})
}

// move does what a crash means for where versions run: what ended a worker
// although it had proved itself, and what ended its own process as a suspect,
// stays out of the worker. Where nobody is known to be guilty, suspects are put
// out.
func (c *Control) move(ctx context.Context, found model.Crash) {
	v := versionOfEndpoint{found.Endpoint, found.Version}
	if v.endpoint == "" {
		c.suspect(ctx, found)
		return
	}
	reason := fmt.Sprintf("it ended the worker: %s (crash %s)", found.What, found.ID)
	if found.Isolated {
		reason = fmt.Sprintf("it ended its process while it was a suspect: %s (crash %s)", found.What, found.ID)
	}
	c.insist(ctx, v, func() error {
		return c.changePlacement(ctx, "endpoint.isolate", v, func(e *edit, d *deed) error {
			isolation, _ := e.isolation(v.endpoint)
			is := e.placement(v.endpoint, v.version).State
			if found.Isolated && is != model.Suspected || !found.Isolated && (isolation != model.Auto || is == model.PutOut) {
				return errOvertaken
			}
			d.tell("version %s: %s", short(v.version), reason)
			e.putPlacement(v, model.Placement{State: model.PutOut, Reason: reason})
			return nil
		})
	}, reason)
}

// insist has a version put out, however long it takes: a worker may be on its
// way.
func (c *Control) insist(ctx context.Context, v versionOfEndpoint, change func() error, reason string) {
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		err := change()
		log := c.log.With("endpoint", v.endpoint, "version", short(v.version))
		switch problem := (*model.Error)(nil); {
		case err == nil:
			log.Warn("a version runs in a process of its own from now on", "reason", reason)
			return
		case ctx.Err() != nil, errors.Is(err, errOvertaken):
			return
		case errors.As(err, &problem) && problem.Kind == model.Refused:
			log.Error("a version cannot be put into a process of its own", "reason", reason, "error", err)
			return
		}
		log.Warn("a version could not be put into a process of its own, and it is tried again", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// Release forgets what was decided about where the versions of an endpoint run:
// what is chosen holds again, and what has to prove itself begins anew.
func (c *Control) Release(ctx context.Context, endpoint string) (e model.Endpoint, err error) {
	d := c.deed(ctx, "endpoint.release", "endpoint/"+endpoint)
	defer d.ended(&err)
	err = c.change(ctx, d, func(e *edit) error {
		if _, ok := e.endpoint(endpoint); !ok {
			return model.Errorf(model.Missing, "there is no endpoint %q", endpoint)
		}
		all := e.decided(endpoint)
		if len(all) == 0 {
			return errNothingDecided
		}
		for _, v := range all {
			d.tell("version %s was %s", short(v.version), e.placements[v].State)
			c.placing.forget(v)
			e.forgetPlacement(v)
		}
		return nil
	})
	if err != nil && !errors.Is(err, errNothingDecided) {
		return e, err
	}
	return c.Endpoint(ctx, endpoint)
}
