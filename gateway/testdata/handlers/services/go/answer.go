// Package scenarios uses every operation of every service, as a handler in Go.
// The handlers in the folders beside it do the same in other languages; what a
// scenario answers is the same in all of them, to the letter.
package scenarios

import (
	"errors"
	"fmt"
	"strings"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// run is one scenario under way.
type run struct {
	*edge.Request
	facts strings.Builder
}

// Answer runs the scenario that the path names, GET /{how}/{scenario}; "how"
// keeps its keys apart from those of others.
func Answer(r *edge.Request) (*edge.Response, error) {
	name := r.Param("scenario")
	group, _, _ := strings.Cut(name, "-")
	scenario := map[string]map[string]func(*run) error{
		"sql": sqlScenarios, "cache": cacheScenarios, "storage": storageScenarios, "email": emailScenarios, "http": httpScenarios, "all": allScenarios,
	}[group][name]
	if scenario == nil {
		return edge.Text(404, "there is no such scenario\n"), nil
	}
	s := &run{Request: r}
	if err := scenario(s); err != nil {
		return nil, err
	}
	return edge.Text(200, s.facts.String()), nil
}

// say adds a fact, a line.
func (r *run) say(format string, args ...any) { fmt.Fprintf(&r.facts, format+"\n", args...) }

// key is a key of this run's own.
func (r *run) key(name string) string { return r.Param("how") + "/" + name }

// outcome says how an operation without a result ended: by status and code.
func (r *run) outcome(label string, err error) {
	if err == nil {
		r.say("%s: ok", label)
		return
	}
	failure := failureOf(err)
	r.say("%s: error %d%s", label, int32(failure.Status), spaced(failure.Code))
}

func failureOf(err error) *edge.ServiceError {
	var failure *edge.ServiceError
	if errors.As(err, &failure) {
		return failure
	}
	var status edge.Status
	errors.As(err, &status)
	return &edge.ServiceError{Status: status}
}

func spaced(text string) string {
	if text == "" {
		return ""
	}
	return " " + text
}

// config is a value that the test has set.
func (r *run) config(name string) string {
	value, _ := r.Config(name)
	return value
}
