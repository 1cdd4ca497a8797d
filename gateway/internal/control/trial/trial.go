// Package trial loads a library in a throw-away child process, before it gets
// any traffic: a library that crashes, hangs or ends its process does that to
// nobody else.
//
// The child is the same program, executed again; [Main] turns it into one. It
// makes a gateway of its own, with the one endpoint and with Options.Trial, in
// a directory that goes away with it. The services that the endpoint is bound
// to are there, but inactive. If the endpoint has a probe, that request is sent
// over a loopback connection. Then the handler is shut down.
//
//	parent                           child
//	stdin   ── Request, as JSON ──>
//	        <── events, as JSON ──   what was its standard output
//	        <── what is printed ──   standard output and error, as one
//
// When it is over, the child's whole process group is killed. A process that
// left the group by itself is not found.
package trial

import (
	"context"
	"fmt"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// DefaultLimit is how long a trial may take, all in all.
const DefaultLimit = 5 * time.Second

// Request is what to try.
type Request struct {
	Endpoint model.EndpointSpec
	Library  string        // its file
	Limit    time.Duration // default DefaultLimit
	// Dir is where the throw-away directory is made; default: where the system
	// keeps temporary files. Code must be loadable from there.
	Dir string
}

// Result is what a trial showed, well or not.
type Result struct {
	Took   time.Duration
	Answer *Answer         // to the probe; nil if it was not answered
	Log    []model.LogLine // what the handler logged, and the gateway about it; the last logLines
	Output string          // what the library printed; the last of it
	phase  phase           // in which it ended
}

// Answer is the answer to a probe.
type Answer struct {
	Request string        `json:"request"` // "GET /orders/1"
	Status  int           `json:"status"`
	Took    time.Duration `json:"took"`
	Body    string        `json:"body"` // the first bodyLimit bytes
}

// String tells, in a few words, what a good trial showed.
func (r Result) String() string {
	if r.Answer == nil {
		return fmt.Sprintf("loaded, started and shut down in %v", r.Took.Round(time.Millisecond))
	}
	return fmt.Sprintf("answered %s with %d in %v; the whole trial took %v",
		r.Answer.Request, r.Answer.Status, r.Answer.Took.Round(10*time.Microsecond), r.Took.Round(time.Millisecond))
}

// Run tries a library. A [*model.Error] of kind Refused says what is wrong with
// it; any other error that the trial could not be done.
func Run(ctx context.Context, r Request) (Result, error) {
	if r.Limit <= 0 {
		r.Limit = DefaultLimit
	}
	c, err := start(r)
	if err != nil {
		return Result{}, fmt.Errorf("try a library in a process of its own: %w", err)
	}
	defer c.remove()
	c.follow(ctx)
	return c.result, c.verdict(ctx)
}
