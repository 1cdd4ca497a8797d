package model

import (
	"fmt"
	"strings"
	"time"
)

// Crash is the end of a worker, or of the process of an isolated endpoint, that
// nobody had ordered.
type Crash struct {
	ID     string    `json:"id" example:"20261125T150857.397-1"`
	At     time.Time `json:"at"`
	Status string    `json:"status" doc:"How the process ended." example:"exit status 2"`

	Isolated bool `json:"isolated,omitempty" doc:"It was the process of one endpoint alone, and nothing else was lost."`
	Hung     bool `json:"hung,omitempty" doc:"It was killed, since calls did not return."`
	Outside  bool `json:"outside,omitempty" doc:"It was killed from outside, which is nobody's fault here: it does not count towards quarantine."`

	// Who is to blame, where that is known.
	Endpoint string `json:"endpoint,omitempty" doc:"Whose handler ended it; none if that is not known."`
	Version  string `json:"version,omitempty" doc:"SHA-256 of that handler's library."`
	Evidence string `json:"evidence,omitempty" enum:"process,address,call,stack,loading,alone" doc:"What says so: it had the process for itself; the address of the fault lies in its library; its function was called when it happened; its code is on the stack; it was being loaded; or it was the only one with work under way."`

	What      string         `json:"what" example:"SIGSEGV: segmentation violation at address 0x10"`
	State     string         `json:"state,omitempty" enum:"constructor,init,entry,resume,release,cancel,shutdown,unload,waiting" doc:"What the handler was asked to do."`
	Where     string         `json:"where,omitempty" doc:"Nearest symbol of its library." example:"parse_header+0x1f"`
	Frames    []string       `json:"frames,omitempty" doc:"Addresses of code of handlers on the stack, as found there: some may be left from earlier calls."`
	Registers []string       `json:"registers,omitempty" example:"[\"rax 0x0\"]"`
	Request   *CrashRequest  `json:"request,omitempty" doc:"The one that it was at."`
	Lost      int            `json:"lost" doc:"Other requests that were in handlers, of this endpoint if it was isolated."`
	Suspects  []CrashSuspect `json:"suspects,omitempty" doc:"Where nobody is to blame for sure: who had work under way."`

	Quarantined string `json:"quarantined,omitempty" doc:"What was done about it, where it was once too often."`
}

// CrashRequest is a request without anything that may be a secret.
type CrashRequest struct {
	ID     string    `json:"id,omitempty"`
	Method string    `json:"method,omitempty"`
	Path   string    `json:"path,omitempty" doc:"Or its beginning."`
	Came   time.Time `json:"came"`
}

// CrashSuspect is a version that had work under way.
type CrashSuspect struct {
	Endpoint string `json:"endpoint"`
	Version  string `json:"version"`
}

// String tells it to people, in a few lines.
func (c Crash) String() string {
	var b strings.Builder
	switch {
	case c.Isolated && (c.Hung || c.Outside):
		fmt.Fprintf(&b, "the process of endpoint %q (version %.12s) was killed: %s\n", c.Endpoint, c.Version, c.What)
	case c.Isolated:
		fmt.Fprintf(&b, "the handler of endpoint %q (version %.12s) ended its own process: %s\n", c.Endpoint, c.Version, c.What)
	case c.Endpoint != "":
		fmt.Fprintf(&b, "the handler of endpoint %q (version %.12s) ended the worker: %s\n", c.Endpoint, c.Version, c.What)
	default:
		fmt.Fprintf(&b, "the worker ended: %s\n", c.What)
	}
	var at []string
	if c.Where != "" {
		at = append(at, "at "+c.Where)
	}
	if c.State != "" {
		at = append(at, "in "+c.State)
	}
	if r := c.Request; r != nil {
		at = append(at, fmt.Sprintf("for request %s %s (%s)", r.Method, r.Path, r.ID))
	}
	if len(at) > 0 {
		fmt.Fprintf(&b, "  %s\n", strings.Join(at, ", "))
	}
	if c.Endpoint == "" && len(c.Suspects) > 0 {
		var names []string
		for _, s := range c.Suspects {
			names = append(names, fmt.Sprintf("%s (%.12s)", s.Endpoint, s.Version))
		}
		fmt.Fprintf(&b, "  at work were: %s\n", strings.Join(names, ", "))
	}
	switch {
	case c.Lost == 1:
		b.WriteString("  another request was lost\n")
	case c.Lost > 1:
		fmt.Fprintf(&b, "  %d other requests were lost\n", c.Lost)
	}
	if c.Quarantined != "" {
		fmt.Fprintf(&b, "  %s\n", c.Quarantined)
	}
	return b.String()
}
