package trial

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// verdict says what the end of a child means for the library.
func (p *process) verdict(ctx context.Context) error {
	p.result.Log = p.result.Log[max(0, len(p.result.Log)-logLines):]
	c := readCrash(p.result.Output)
	p.result.Output = strings.Join(c.lines, "\n")
	switch {
	case p.last.Done:
		return nil
	case p.last.Refused != "":
		return p.refused(p.last.Refused)
	case p.last.Failed != "":
		return fmt.Errorf("the trial could not be done: %s", p.last.Failed)
	case p.overdue && p.result.phase == preparing: // the machine is that busy
		return model.Errorf(model.Unavailable, "the trial had not begun after %v; try again later", p.request.Limit)
	case p.overdue:
		return p.refused("the library took longer than " + p.request.Limit.String() + " " + p.during())
	case ctx.Err() != nil:
		return fmt.Errorf("the trial was given up: %w", context.Cause(ctx))
	}
	signal, status := endingOf(p.cmd.ProcessState)
	signal = cmp.Or(signal, c.signal)
	if p.result.phase == preparing {
		return fmt.Errorf("the trial could not be done: its process ended with %s before the library was loaded: %s",
			cmp.Or(signal, fmt.Sprint("status ", status)), p.result.Output)
	}
	switch {
	case c.panic != "":
		return p.refused("the library crashed " + p.during() + ": " + c.panic)
	case signal != "":
		return p.refused("the library crashed with signal " + signal + " " + p.during())
	}
	return p.refused(fmt.Sprintf("the library ended its process with status %d %s", status, p.during()))
}

func (p *process) during() string {
	var name string
	if p.request.Endpoint.Probe != nil {
		name = probeName(p.request.Endpoint.Probe)
	}
	return p.result.phase.during(name)
}

func (p *process) refused(reason string) error {
	// The name of the file is its digest, or chosen by who asks; where it lies
	// is nobody's business.
	reason = strings.ReplaceAll(reason, p.request.Library, filepath.Base(p.request.Library))
	return &model.Error{Kind: model.Refused, Reason: "the trial failed: " + cut(reason, reasonLimit), Detail: p.result.detail()}
}

// detail is what else there is to know, for people.
func (r Result) detail() string {
	var b strings.Builder
	if r.Answer != nil && r.Answer.Body != "" {
		fmt.Fprintf(&b, "The answer began:\n%s\n", indent(cut(r.Answer.Body, bodyLimit)))
	}
	if len(r.Log) > 0 {
		b.WriteString("It logged:\n")
		for _, line := range r.Log {
			fmt.Fprintln(&b, indent(logText(line)))
		}
	}
	if r.Output != "" {
		fmt.Fprintf(&b, "It printed:\n%s\n", indent(r.Output))
	}
	return b.String()
}

func logText(line model.LogLine) string {
	text := line.Level + ": " + line.Message
	for _, name := range []string{"status", "message", "error", "name", "header"} {
		if value := line.More[name]; value != "" {
			text += fmt.Sprintf(" %s=%q", name, value)
		}
	}
	return text
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ")
}
