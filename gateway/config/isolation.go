package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2/unstable"
)

// Isolations are the values of "isolation": with the libraries of all others in
// the worker process, which is the default; in a process that only this endpoint
// uses; or there first, and in the worker after a clean probation.
var Isolations = []string{"worker", "process", "auto"}

// CheckIsolation tells why a text is no isolation, or nil.
func CheckIsolation(text string) error {
	if slices.Contains(Isolations, text) {
		return nil
	}
	return fmt.Errorf("isolation must be one of %s, not %q%s", strings.Join(Isolations, ", "), text, suggest(text, Isolations))
}

// Ranges of the bounds of a process, and of a probation.
const (
	LeastMemory, MostMemory = 4 << 20, 1 << 40 // bytes
	LeastCPU, MostCPU       = 0.01, 1024
	LeastFiles, MostFiles   = 32, 1 << 20
	MostRequests            = 1_000_000_000
	LeastProbation          = time.Millisecond
	MostProbation           = time.Hour
)

// Process is the [endpoint.process] table: what bounds the process of an
// isolated endpoint. What is zero has no bound of its own.
type Process struct {
	Memory int64   // bytes
	CPU    float64 // processors' worth of time
	Files  int     // descriptors
	Open   bool    // may do what any process may
}

// Probation is the [endpoint.probation] table: what an isolated version has to
// do without a fault before it may run in the worker.
type Probation struct {
	Requests int
	Time     time.Duration
}

func readProcess(r reader, e *entry) (p Process) {
	t, ok := e.value.(*table)
	if !ok {
		r.problems.add(e.position(), `"process" must be a table, written [endpoint.process], not %s`, typeName(e.value))
		return p
	}
	r.table(t, "in [endpoint.process]", fields{
		"memory": func(e *entry) { r.size(e, LeastMemory, MostMemory, &p.Memory) },
		"cpu":    func(e *entry) { r.number(e, LeastCPU, MostCPU, &p.CPU) },
		"files": func(e *entry) {
			if r.count(e, MostFiles, &p.Files); p.Files > 0 && p.Files < LeastFiles {
				r.problems.add(e.position(), "%q must be at least %d: the process needs some itself", e.key, LeastFiles)
			}
		},
		"open": func(e *entry) { r.boolean(e, &p.Open) },
	})
	return p
}

func readProbation(r reader, e *entry) (p Probation) {
	t, ok := e.value.(*table)
	if !ok {
		r.problems.add(e.position(), `"probation" must be a table, written [endpoint.probation], not %s`, typeName(e.value))
		return p
	}
	r.table(t, "in [endpoint.probation]", fields{
		"requests": func(e *entry) { r.count(e, MostRequests, &p.Requests) },
		"time":     func(e *entry) { r.duration(e, &p.Time) },
	})
	return p
}

// number reads an integer or a float from least to most.
func (r reader) number(e *entry, least, most float64, to *float64) {
	s, ok := e.value.(*scalar)
	if !ok || s.kind != unstable.Float && s.kind != unstable.Integer {
		r.wrongType(e, "a number")
		return
	}
	n, err := strconv.ParseFloat(strings.ReplaceAll(s.text, "_", ""), 64)
	if err != nil || math.IsNaN(n) || n < least || n > most {
		r.problems.add(e.position(), "%q must be from %v to %v, not %s", e.key, least, most, s.text)
		return
	}
	*to = n
}
