package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// flat is how much more the last tenth may take than the second one.
const flat = 1.10

// report prints what became of the run. Its error is what was not as promised.
func (s *soak) report(out io.Writer) error {
	took := time.Since(s.began)
	var events []event
	right, answers := 0, map[string]int{}
	for _, one := range s.slots {
		events = append(events, one.events...)
		right += one.right
		for how, n := range one.answers {
			answers[how] += n
		}
	}
	j := judge(events, s.faults)
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	classes := map[string]int{"right": right}
	for _, e := range events {
		classes[e.what]++
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(table, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	row("requests", "%d in %v: %.0f a second", right+len(events), took.Round(time.Second), float64(right+len(events))/took.Seconds())
	row("answers", "%s", counted(classes))
	row("of ledgers", "%s", counted(answers))
	row("lost or refused, allowed", "%d", j.allowed)
	row("lost or refused, not allowed", "%d", len(j.forbidden))
	excused := 0
	for _, one := range s.swaps.refused {
		if one.excused(s.faults) {
			excused++
			continue
		}
		fail("a swap was refused at %.1f s: %w", one.begun.Sub(s.began).Seconds(), one.err)
	}
	row("swaps", "%d, and %d that a crash has cut", s.swaps.done, excused)
	row("workers", "%d took over from one that had ended, %d from one that was to", s.workers.again, s.workers.replaced)
	row("longest time without an answer, no fault", "%v", max(s.calm, time.Duration(s.pulse.longest.Load())).Round(time.Millisecond))
	_ = table.Flush()

	fmt.Fprintln(out)
	s.reportFaults(out)
	for _, f := range s.faults {
		if f.err != nil {
			fail("%s at %.1f s: %w", f.kind, f.begin.Sub(s.began).Seconds(), f.err)
		}
	}
	fmt.Fprintln(out)
	errs = append(errs, s.reportMemory(out))

	for i, e := range j.forbidden {
		if i == 20 {
			fail("and %d more", len(j.forbidden)-i)
			break
		}
		fail("not allowed at %.3f s: %s of %s on connection %d, which was dialed at %.3f s, begun at %.3f s: %s", e.ended.Sub(s.began).Seconds(),
			e.what, e.endpoint, e.slot, e.dialed.Sub(s.began).Seconds(), e.begun.Sub(s.began).Seconds(), e.detail)
	}
	return errors.Join(errs...)
}

func counted(n map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(n)) {
		parts = append(parts, fmt.Sprintf("%d %s", n[name], name))
	}
	return strings.Join(parts, ", ")
}

// reportFaults prints a line for each kind.
func (s *soak) reportFaults(out io.Writer) {
	byKind := map[string][]*fault{}
	for _, f := range s.faults {
		byKind[f.kind] = append(byKind[f.kind], f)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "fault\ttimes\tlost\tmost at once\tother answers\tgap ms, median\tlongest")
	for _, kind := range slices.Sorted(maps.Keys(byKind)) {
		lost, most := 0, 0
		told := map[string]int{}
		var gaps []float64
		for _, f := range byKind[kind] {
			n := 0
			for _, one := range f.lost {
				n += one
			}
			lost, most = lost+n, max(most, n)
			for what, one := range f.told {
				told[what] += one
			}
			gaps = append(gaps, float64(f.gap.Microseconds())/1000)
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%s\t%.1f\t%.1f\n", kind, len(byKind[kind]), lost, most, cmp.Or(counted(told), "-"), middle(gaps), slices.Max(gaps))
	}
	_ = table.Flush()
}

// reportMemory prints what the processes took at first and at last.
func (s *soak) reportMemory(out io.Writer) error {
	var errs []error
	first, last := medians(s.samples, 1), medians(s.samples, 2)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "medians\tsecond tenth\tlast tenth\tratio\t")
	for _, name := range measures {
		ratio := last[name] / first[name]
		fmt.Fprintf(table, "%s\t%.0f\t%.0f\t%.2f\t\n", name, first[name], last[name], ratio)
		if name != ofControl && !(ratio > 0 && ratio <= flat) { // 0 or not a number: nothing was sampled
			errs = append(errs, fmt.Errorf("%s grew from %.0f to %.0f", name, first[name], last[name]))
		}
	}
	_ = table.Flush()
	return errors.Join(errs...)
}
