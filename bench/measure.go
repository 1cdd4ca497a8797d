package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// sample is one round of one target.
type sample struct {
	cpu   float64 // microseconds a request, of the server's processes
	ratio float64 // to the native server in the same round
	load  load
}

// ticks per second of the kernel's accounting: USER_HZ, 100 on every platform
// that Linux runs Go on.
const ticks = 100

func measure(out io.Writer, targets []*target, o options) error {
	for _, t := range targets { // not counted: warms caches and pools
		if _, err := offer(t, o, max(o.requests/4, o.conns)); err != nil {
			return err
		}
	}
	for range o.rounds {
		base := 0.0
		for _, t := range targets {
			before, err := cpuTime(t.server.pids)
			if err != nil {
				return err
			}
			l, err := offer(t, o, o.requests)
			if err != nil {
				return err
			}
			after, err := cpuTime(t.server.pids)
			if err != nil {
				return err
			}
			s := sample{cpu: float64((after - before).Microseconds()) / float64(o.requests/o.conns*o.conns), load: l}
			if t.name == native {
				base = s.cpu
			}
			s.ratio = s.cpu / base
			t.samples = append(t.samples, s)
		}
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "target\tCPU us/request\tratio to native\tspread\tp50 us\tp90 us\tp99 us\trequests/s\t")
	for _, t := range targets {
		ratio := func(s sample) float64 { return s.ratio }
		latency := func(of func(load) time.Duration) float64 {
			return median(t.samples, func(s sample) float64 { return float64(of(s.load).Nanoseconds()) / 1000 })
		}
		fmt.Fprintf(table, "%s\t%.2f\t%.3f\t%.3f..%.3f\t%.0f\t%.0f\t%.0f\t%.0f\t\n", t.name,
			median(t.samples, func(s sample) float64 { return s.cpu }), median(t.samples, ratio),
			least(t.samples, ratio), most(t.samples, ratio),
			latency(func(l load) time.Duration { return l.P50 }), latency(func(l load) time.Duration { return l.P90 }),
			latency(func(l load) time.Duration { return l.P99 }),
			median(t.samples, func(s sample) float64 { return float64(o.requests) / s.load.Seconds }))
	}
	fmt.Fprintf(table, "\n")
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "medians of %d interleaved rounds of %d requests over %d connections; CPU as the kernel accounts it\n",
		o.rounds, o.requests, o.conns)
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

// cpuTime adds up what processes have used, user and system.
func cpuTime(pids []int) (total time.Duration, err error) {
	for _, pid := range pids {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return 0, err
		}
		// The command's name may hold anything, so count from its last ")".
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		for _, i := range []int{11, 12} { // utime, stime
			n, err := strconv.ParseInt(fields[i], 10, 64)
			if err != nil {
				return 0, err
			}
			total += time.Duration(n) * time.Second / ticks
		}
	}
	return total, nil
}

// withChildren lists a process and its children.
func withChildren(pid int) ([]int, error) {
	pids := []int{pid}
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil, err
	}
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			return nil, err
		}
		for _, field := range strings.Fields(string(text)) {
			child, err := strconv.Atoi(field)
			if err != nil {
				return nil, err
			}
			pids = append(pids, child)
		}
	}
	return pids, nil
}
