package registry

import (
	"slices"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/metric"
)

// Version is what an endpoint keeps of one version of its handler, over all of
// the version's instances. Each of them leads to it, so that a request counts
// without looking for it, and without a lock.
type Version struct {
	Digest string // SHA-256 of the library, in hex

	statuses metric.Statuses
	latency  metric.Latency

	// Under the endpoint's mu.
	loaded   int // instances that have not ended
	retained int64
	bytes    int64 // of those retained
	unloaded int64
}

// Answered counts a request of this version.
func (v *Version) Answered(status int, took time.Duration) {
	v.statuses.Add(status)
	v.latency.Observe(took)
}

// gone tells whether nothing of it is in memory.
func (v *Version) gone() bool { return v.loaded == 0 && v.retained == 0 }

// keepGone is how many versions of which nothing is in memory are kept for
// their counters.
const keepGone = 16

// version finds the record of a version, or makes one. The record used last
// is the last. The caller holds mu.
func (e *Endpoint) version(digest string) *Version {
	n := slices.IndexFunc(e.versions, func(v *Version) bool { return v.Digest == digest })
	v := &Version{Digest: digest}
	if n >= 0 {
		v = e.versions[n]
		e.versions = slices.Delete(e.versions, n, n+1)
	}
	e.versions = append(e.versions, v)
	return v
}

// forget drops the oldest of the versions that are gone, where there are too
// many. Nobody counts with them any more: who does holds a guard on an instance.
// The caller holds mu.
func (e *Endpoint) forget() {
	gone := 0
	for _, v := range e.versions {
		if v.gone() {
			gone++
		}
	}
	e.versions = slices.DeleteFunc(e.versions, func(v *Version) bool {
		if gone <= keepGone || !v.gone() {
			return false
		}
		gone--
		e.forgotten += v.unloaded
		return true
	})
}

// VersionState is what one version of an endpoint is doing.
type VersionState struct {
	Digest    string
	Current   bool
	Candidate bool
	Loaded    bool // an instance has not ended
	InFlight  int64
	Statuses  map[int]uint64
	Latency   metric.Histogram
	Retained  int64 // instances that are shut down and still mapped
	Bytes     int64 // of their libraries
	Unloaded  int64
	Module    Module // of an instance that has not ended, best one that does not drain; nil if there is none
}

// Versions tells what each version is doing, the one used last at the end.
func (e *Endpoint) Versions() []VersionState {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.split.Load()
	states := make([]VersionState, len(e.versions))
	for n, v := range e.versions {
		states[n] = VersionState{
			Digest: v.Digest, Loaded: v.loaded > 0, Statuses: v.statuses.Read(), Latency: v.latency.Read(),
			Retained: v.retained, Bytes: v.bytes, Unloaded: v.unloaded,
			Current: s.Current != nil && s.Current.Version == v, Candidate: s.Candidate != nil && s.Candidate.Version == v,
		}
		for i, drains := range e.live {
			if i.Version == v {
				states[n].InFlight += i.InFlight()
				if states[n].Module == nil || !drains {
					states[n].Module = i.Module
				}
			}
		}
	}
	return states
}

// Replaced counts the instances that were replaced: those that drain, those that
// are shut down and still mapped, and those that are gone.
func (e *Endpoint) Replaced() (draining, retained, unloaded int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, drains := range e.live {
		if drains {
			draining++
		}
	}
	unloaded = e.forgotten
	for _, v := range e.versions {
		retained += v.retained
		unloaded += v.unloaded
	}
	return draining, retained, unloaded
}
