package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// section is a set of targets that are compared with the first of them, under
// the same load.
type section struct {
	title           string
	targets         []*target
	requests, conns int // of a round
}

// sample is one round of one target.
type sample struct {
	cpu     float64 // microseconds a request, of the server's processes
	ratio   float64 // to the first target in the same round
	rate    float64 // requests a second
	gain    float64 // of the rate, as a ratio to the first target in the same round
	threads float64 // of the server's processes at the end
	load    load
}

func (s *section) measure(rounds int) error {
	for _, t := range s.targets { // not counted: warms caches and pools
		if _, err := offer(t, max(s.requests/4, s.conns), s.conns); err != nil {
			return err
		}
	}
	for range rounds {
		var base sample
		for _, t := range s.targets {
			one, err := s.round(t)
			if err != nil {
				return err
			}
			if t == s.targets[0] {
				base = one
			}
			one.ratio, one.gain = one.cpu/base.cpu, one.rate/base.rate
			t.samples = append(t.samples, one)
		}
	}
	return nil
}

func (s *section) round(t *target) (sample, error) {
	before, err := usageOf(t.server.pids)
	if err != nil {
		return sample{}, err
	}
	l, err := offer(t, s.requests, s.conns)
	if err != nil {
		return sample{}, err
	}
	after, err := usageOf(t.server.pids)
	if err != nil {
		return sample{}, err
	}
	requests := s.requests / s.conns * s.conns
	cpu := float64((after.cpu - before.cpu).Nanoseconds()) / 1000 / float64(requests)
	return sample{cpu: cpu, rate: float64(requests) / l.Seconds, threads: float64(after.threads), load: l}, nil
}

func (s *section) print(out io.Writer, rounds int) error {
	fmt.Fprintf(out, "%s\n\n", s.title)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "target\tCPU us/request\tratio to %s\tspread\tp50 us\tp90 us\tp99 us\trequests/s\tratio to %s\tspread\tthreads\t\n", s.targets[0].name, s.targets[0].name)
	for _, t := range s.targets {
		ratio := func(s sample) float64 { return s.ratio }
		gain := func(s sample) float64 { return s.gain }
		latency := func(of func(load) time.Duration) float64 {
			return median(t.samples, func(s sample) float64 { return float64(of(s.load).Nanoseconds()) / 1000 })
		}
		fmt.Fprintf(table, "%s\t%.2f\t%.3f\t%.3f..%.3f\t%.0f\t%.0f\t%.0f\t%.0f\t%.3f\t%.3f..%.3f\t%.0f\t\n", t.name,
			median(t.samples, func(s sample) float64 { return s.cpu }), median(t.samples, ratio),
			least(t.samples, ratio), most(t.samples, ratio),
			latency(func(l load) time.Duration { return l.P50 }), latency(func(l load) time.Duration { return l.P90 }),
			latency(func(l load) time.Duration { return l.P99 }),
			median(t.samples, func(s sample) float64 { return s.rate }), median(t.samples, gain),
			least(t.samples, gain), most(t.samples, gain),
			most(t.samples, func(s sample) float64 { return s.threads }))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\nmedians of %d interleaved rounds of %d requests over %d connections; CPU as the kernel accounts it\n\n",
		rounds, s.requests, s.conns)
	return err
}

func values(samples []sample, of func(sample) float64) []float64 {
	all := make([]float64, len(samples))
	for i, s := range samples {
		all[i] = of(s)
	}
	slices.Sort(all)
	return all
}

func median(samples []sample, of func(sample) float64) float64 {
	return values(samples, of)[len(samples)/2]
}
func least(samples []sample, of func(sample) float64) float64 { return values(samples, of)[0] }
func most(samples []sample, of func(sample) float64) float64 {
	return values(samples, of)[len(samples)-1]
}
