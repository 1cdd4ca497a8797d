package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/crash"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

const (
	// suspectsMost is how many endpoints are put into processes of their own at
	// a time since they may have ended a worker.
	suspectsMost = 8

	// A suspect has to do well for twice as long as the crashes were apart, so
	// that one of them would have come; but not for ever.
	suspectFor     = 2
	suspectForMost = 6 * time.Hour
)

// suspect puts those who may have ended several workers into processes of their
// own: the guilty one ends that, and is known then; the others come back.
func (c *Control) suspect(ctx context.Context, found model.Crash) {
	suspicions := crash.Repeats(c.crashes.log.All(), found)
	for wait := 10 * time.Millisecond; len(suspicions) > 0; wait = min(2*wait, time.Second) {
		err := c.putOutSuspects(ctx, suspicions)
		fault, problem := (*gateway.EndpointError)(nil), (*model.Error)(nil)
		switch {
		case err == nil, ctx.Err() != nil, errors.Is(err, errOvertaken):
			return
		case errors.As(err, &problem) && problem.Kind == model.Refused && errors.As(err, &fault):
			c.log.Error("a suspect cannot be put into a process of its own", "endpoint", fault.Endpoint, "error", err)
			suspicions = slices.DeleteFunc(suspicions, func(s crash.Suspicion) bool { return s.Endpoint == fault.Endpoint })
			continue
		}
		c.log.Warn("suspects could not be put into processes of their own, and it is tried again", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// putOutSuspects is one change for all of them, as far as there is room.
func (c *Control) putOutSuspects(ctx context.Context, suspicions []crash.Suspicion) error {
	d := c.deed(ctx, "gateway.suspect", "gateway")
	var put, left []string
	err := c.change(ctx, d, func(e *edit) error {
		room := suspectsMost - e.suspects()
		for _, s := range suspicions {
			v := versionOfEndpoint{s.Endpoint, s.Version}
			switch {
			case !e.runs(v) || e.placement(v.endpoint, v.version).State.Isolated():
				continue
			case room == 0:
				left = append(left, s.Endpoint)
				continue
			}
			room--
			put = append(put, s.Endpoint)
			reason := fmt.Sprintf("%d workers ended within %s, and nobody knows by whom; it had work under way each time", s.Times, s.Span.Round(time.Second))
			e.putPlacement(v, model.Placement{State: model.Suspected, Reason: reason, For: model.Duration(min(suspectFor*s.Span, suspectForMost))})
			of := c.deed(ctx, "endpoint.isolate", "endpoint/"+s.Endpoint)
			of.tell("version %s is a suspect: %s", short(v.version), reason)
			e.write(of.done)
		}
		if len(put)+len(left) == 0 {
			return errOvertaken
		}
		d.tell("suspects run in processes of their own: %s", strings.Join(put, ", "))
		if len(left) > 0 {
			d.tell("no room for: %s", strings.Join(left, ", "))
		}
		return nil
	})
	if err == nil {
		c.log.Warn("suspects run in processes of their own from now on", "endpoints", put, "no_room_for", left)
	}
	return err
}

// suspects counts the endpoints with a version that is one.
func (k *catalog) suspects() (n int) {
	counted := map[string]bool{}
	for v := range k.placements {
		if k.placement(v.endpoint, v.version).State == model.Suspected && k.runs(v) && !counted[v.endpoint] {
			counted[v.endpoint] = true
			n++
		}
	}
	return n
}
