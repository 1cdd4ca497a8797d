package telemetry

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// exposition is text as Prometheus reads it, in the making.
type exposition struct{ text bytes.Buffer }

// family begins a metric. Its samples follow.
func (e *exposition) family(name, kind, help string) metric {
	fmt.Fprintf(&e.text, "# HELP %s %s\n# TYPE %[1]s %[3]s\n", name, help, kind)
	return metric{e, name}
}

// metric is one that samples are added to.
type metric struct {
	in   *exposition
	name string
}

// labels are names and values in turn.
type labels []string

// add adds a sample.
func (m metric) add(value float64, l ...string) { m.sample("", labels(l), value) }

func (m metric) sample(suffix string, l labels, value float64) {
	text := &m.in.text
	text.WriteString(m.name + suffix)
	for i := 0; i < len(l); i += 2 {
		text.WriteByte("{,"[min(i, 1)])
		text.WriteString(l[i] + `="` + escape.Replace(strings.ToValidUTF8(l[i+1], "\uFFFD")) + `"`)
	}
	if len(l) > 0 {
		text.WriteByte('}')
	}
	text.WriteByte(' ')
	text.WriteString(number(value))
	text.WriteByte('\n')
}

var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// statuses adds a sample for each status.
func (m metric) statuses(counts map[int]uint64, l ...string) {
	for _, status := range slices.Sorted(maps.Keys(counts)) {
		m.add(float64(counts[status]), append(slices.Clip(l), "status", strconv.Itoa(status))...)
	}
}

// histogram adds the samples of one.
func (m metric) histogram(h gateway.Histogram, l ...string) {
	var below uint64
	for i, n := range h.Buckets {
		below += n
		bound := "+Inf"
		if i < len(gateway.LatencyBounds) {
			bound = number(gateway.LatencyBounds[i])
		}
		m.sample("_bucket", append(slices.Clip(l), "le", bound), float64(below))
	}
	m.sample("_sum", l, h.Sum.Seconds())
	m.sample("_count", l, float64(below))
}
