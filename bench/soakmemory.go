package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// footprint is what the processes of the gateway take at a moment.
type footprint struct {
	part                    int     // of the run: 1 and 2 are compared
	rss, own                float64 // MiB: of all, and of control
	threads, files, regions int
	processes               int
}

// sampleEvery is often enough for medians of short runs.
const sampleEvery = 200 * time.Millisecond

// sampleOnAndOn samples until the load is over.
func (s *soak) sampleOnAndOn() {
	for s.wait(sampleEvery) {
		one := s.tree.footprint(s.gateway.cmd.Process.Pid)
		one.part = int(s.part.Load())
		s.samples = append(s.samples, one)
	}
}

// tree reads the processes below one.
type tree struct{}

// below lists a process and all of its descendants.
func (t tree) below(pid int) (all []int) {
	all = []int{pid}
	children, err := withChildren(pid)
	if err != nil {
		return all
	}
	for _, child := range children[1:] {
		all = append(all, t.below(child)...)
	}
	return all
}

// workers lists the worker processes, the youngest last.
func (t tree) workers(control int) (pids []int) {
	children, err := withChildren(control)
	if err != nil {
		return nil
	}
	started := map[int]uint64{}
	for _, pid := range children[1:] {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if args := bytes.Split(line, []byte{0}); len(args) > 1 && string(args[1]) == "worker" {
			pids = append(pids, pid)
			started[pid] = startOf(pid)
		}
	}
	slices.SortFunc(pids, func(a, b int) int { return int(started[a]) - int(started[b]) })
	return pids
}

// startOf is when a process was started, in ticks.
func startOf(pid int) (ticks uint64) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if i := bytes.LastIndexByte(text, ')'); i >= 0 {
		if fields := strings.Fields(string(text[i+1:])); len(fields) > 19 {
			_, _ = fmt.Sscan(fields[19], &ticks)
		}
	}
	return ticks
}

func (t tree) footprint(control int) (one footprint) {
	for _, pid := range t.below(control) {
		rss := resident([]int{pid})
		if pid == control {
			one.own = rss
		}
		one.rss += rss
		one.processes++
		one.threads += count(fmt.Sprintf("/proc/%d/task/*", pid))
		one.files += count(fmt.Sprintf("/proc/%d/fd/*", pid))
		maps, _ := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
		one.regions += bytes.Count(maps, []byte{'\n'})
	}
	return one
}

func count(pattern string) int {
	found, _ := filepath.Glob(pattern)
	return len(found)
}

// medians are those of the samples of one part.
func medians(all []footprint, part int) (m map[string]float64) {
	values := map[string][]float64{}
	for _, one := range all {
		if one.part == part {
			for name, v := range map[string]float64{
				"RSS MiB": one.rss, ofControl: one.own, "threads": float64(one.threads), "fds": float64(one.files),
				"mappings": float64(one.regions), "processes": float64(one.processes),
			} {
				values[name] = append(values[name], v)
			}
		}
	}
	m = map[string]float64{}
	for name, v := range values {
		m[name] = middle(v)
	}
	return m
}

// measures are the names of what is compared, in the order of the table.
var measures = []string{"RSS MiB", ofControl, "threads", "fds", "mappings", "processes"}

// ofControl is only told of: its heap takes longer than a short run to find its
// size.
const ofControl = "of control"
