package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// probationOf tells what of a probation is not left to its defaults.
func probationOf(p model.Probation) string {
	var parts []string
	if p.Requests > 0 {
		parts = append(parts, fmt.Sprintf("%d requests", p.Requests))
	}
	if p.Time > 0 {
		parts = append(parts, p.Time.String())
	}
	return strings.Join(parts, ", ")
}

// showPlacement tells where a version runs, why there, and what bounds it.
func showPlacement(row func(name string, value any), name string, p *model.Placement) {
	if p == nil {
		return
	}
	where := "the worker"
	if p.State.Isolated() {
		where = "a process of its own"
	}
	switch p.State {
	case model.OnProbation, model.Suspected, model.PutOut, model.Cleared:
		where += " (" + string(p.State) + ")"
	}
	row(name, where)
	row("  why", p.Reason)
	if p.Since != nil {
		row("  since", p.Since.Format(time.RFC3339))
	}
	row("  how far", p.Progress)
	if one := p.Process; one != nil {
		row("  process", fmt.Sprintf("%d, %s, restarted %d times", one.Pid, sizeText(one.Memory), one.Restarts))
		for _, bound := range one.Bounds {
			row("  bounds", bound)
		}
	}
}

// isolated is where a version runs, if that is not simply the worker.
func isolated(s model.PlacementState) string {
	if s.Isolated() {
		return string(s)
	}
	return ""
}

// decided tells whether a version runs where it does for what it did.
func decided(p *model.Placement) bool { return p != nil && p.Since != nil }
