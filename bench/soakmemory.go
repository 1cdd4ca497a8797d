package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
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
		one := footprintOf(s.gateway.cmd.Process.Pid)
		one.part = int(s.part.Load())
		s.samples = append(s.samples, one)
	}
}

// below lists a process and all of its descendants.
func below(pid int) (all []int) {
	all = []int{pid}
	children, err := withChildren(pid)
	if err != nil {
		return all
	}
	for _, child := range children[1:] {
		all = append(all, below(child)...)
	}
	return all
}

// footprintOf adds up what a process and all below it take.
func footprintOf(control int) (one footprint) {
	for _, pid := range below(control) {
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
