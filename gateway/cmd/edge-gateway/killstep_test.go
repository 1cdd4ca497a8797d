//go:build unix

package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/failpoint"
)

// durableOperation is a change with the steps at which it is killed; prepare
// makes it possible, as often as it is asked to.
type durableOperation struct {
	name    string
	prepare func(b *box)
	do      func(b *box) (acknowledged bool)
	steps   []string
}

var (
	stateSteps    = []string{"state.written", "state.committed"}
	changeSteps   = append([]string{"change.served"}, stateSteps...)
	artifactSteps = []string{"artifact.written", "artifact.synced", "artifact.renamed", "artifact.kept"}
)

func nothing(*box) {}

var durableOperations = []durableOperation{
	{"create endpoint", func(b *box) {
		if b.world().Endpoints["e1"] != nil {
			b.deleteEndpoint("e1")
		}
	}, func(b *box) bool { return b.createEndpoint("e1") }, changeSteps},
	{"upload", nothing, func(b *box) bool { return b.upload("e0", b.next("version")) }, slices.Concat(artifactSteps, stateSteps)},
	{"put source", nothing, func(b *box) bool { return b.putSource("e0", b.next("source")) }, slices.Concat(artifactSteps, stateSteps)},
	{"build", func(b *box) { b.putSource("e0", b.next("source")) }, func(b *box) bool { return b.build("e0", false) },
		slices.Concat(artifactSteps, stateSteps, []string{"build.prepared", "build.compiled"})},
	{"build and deploy", func(b *box) { b.putSource("e0", b.next("source")) }, func(b *box) bool { return b.build("e0", true) },
		changeSteps},
	{"deploy", nothing, func(b *box) bool { return b.deploy("e0", b.other("e0")) }, changeSteps},
	{"canary", (*box).noCanary, func(b *box) bool { return b.canary("e0", b.other("e0")) }, changeSteps},
	{"promote", (*box).someCanary, func(b *box) bool { return b.endCanary("e0", "promote") }, changeSteps},
	{"abort", (*box).someCanary, func(b *box) bool { return b.endCanary("e0", "abort") }, changeSteps},
	{"rollback", func(b *box) { b.deploy("e0", b.other("e0")) }, func(b *box) bool { return b.rollback("e0") }, changeSteps},
	{"undeploy", func(b *box) { b.deploy("e0", b.other("e0")) }, func(b *box) bool { return b.undeploy("e0") }, changeSteps},
	{"delete version", func(b *box) { b.upload("e0", b.next("version")) }, func(b *box) bool {
		return b.collecting(func() bool { return b.deleteVersion("e0", fmt.Sprintf("version-%04d", b.number)) })
	}, slices.Concat(stateSteps, []string{"artifact.removed"})},
	{"delete endpoint", func(b *box) {
		if b.world().Endpoints["e1"] == nil {
			b.createEndpoint("e1")
			b.upload("e1", b.next("version"))
			b.deploy("e1", fmt.Sprintf("version-%04d", b.number))
			b.putSource("e1", b.next("source"))
		}
	}, func(b *box) bool {
		return b.collecting(func() bool { return b.deleteEndpoint("e1") })
	}, slices.Concat(changeSteps, []string{"artifact.removed"})},
	{"create service", func(b *box) {
		if b.world().Services["s0"] != 0 {
			b.deleteService("s0")
		}
	}, func(b *box) bool { return b.putService("s0", 1) }, changeSteps},
	{"delete service", func(b *box) {
		if b.world().Services["s0"] == 0 {
			b.putService("s0", 2)
		}
	}, func(b *box) bool { return b.deleteService("s0") }, changeSteps},
	{"create key", nothing, func(b *box) bool { return b.createKey(b.next("key")) }, stateSteps},
	{"delete key", func(b *box) {
		if !b.world().Keys["k0"] {
			b.createKey("k0")
		}
	}, func(b *box) bool { return b.deleteKey("k0") }, stateSteps},
	{"apply bundle", func(b *box) {
		for _, name := range residents[1:] {
			if b.world().Endpoints[name] != nil {
				b.deleteEndpoint(name)
			}
		}
	}, func(b *box) bool {
		return b.applyBundle(map[string]string{"e1": b.next("version"), "e2": b.next("version")})
	}, slices.Concat(artifactSteps, changeSteps)},
}

// other is a version of an endpoint that it does not serve.
func (b *box) other(name string) string {
	e := b.world().Endpoints[name]
	for _, text := range slices.Sorted(maps.Keys(e.Versions)) {
		if text != e.Current && text != e.Canary {
			return text
		}
	}
	b.Fatalf("%s has no other version", name)
	return ""
}

func (b *box) noCanary() {
	if b.world().Endpoints["e0"].Canary != "" {
		b.endCanary("e0", "abort")
	}
}

func (b *box) someCanary() {
	if b.world().Endpoints["e0"].Canary == "" {
		b.canary("e0", b.other("e0"))
	}
}

// collecting is a change after which artifacts are collected; false if the
// process died before that was done.
func (b *box) collecting(change func() bool) bool {
	b.Helper()
	const collected = "artifacts that nothing refers to were removed"
	before := strings.Count(b.now.output(), collected)
	if !change() {
		return false
	}
	within(b.T, time.Minute, "artifacts are collected", func() bool {
		return b.now.hasEnded() || len(b.unneeded()) == 0 && strings.Count(b.now.output(), collected) > before
	})
	if b.now.hasEnded() {
		b.died()
		return false
	}
	return true
}

// unneeded are the artifacts that the world does not have.
func (b *box) unneeded() (paths []string) {
	needed := map[string]bool{}
	for _, e := range b.world().Endpoints {
		needed[e.Source] = true
		for text := range e.Versions {
			needed[text] = true
		}
	}
	for _, pattern := range []string{"versions/*.so", "sources/*.tar"} {
		names, _ := filepath.Glob(filepath.Join(b.data, pattern))
		for _, name := range names {
			if content, err := os.ReadFile(name); err == nil && !needed[textIn(content)] {
				paths = append(paths, name)
			}
		}
	}
	return paths
}

// TestAKillAtEveryDurableStepLosesNothingAcknowledged: a process dies at each
// step of each operation, the next finds what was acknowledged, and what was
// not is there whole or not at all.
func TestAKillAtEveryDurableStepLosesNothingAcknowledged(t *testing.T) {
	all := slices.Concat(failpoint.Control, failpoint.Change)
	died := map[string]int{}
	ended := 0 // operations; not all of them if some were chosen
	var mu sync.Mutex
	note := func(step string) {
		mu.Lock()
		defer mu.Unlock()
		died[step]++
	}
	t.Run("operations", func(t *testing.T) {
		for _, operation := range durableOperations {
			t.Run(strings.ReplaceAll(operation.name, " ", "-"), func(t *testing.T) {
				t.Parallel()
				steps := operation.steps
				if os.Getenv("EDGE_GATEWAY_TEST_LONG") == "1" {
					steps = all
				}
				b := newBox(t)
				b.mustStart()
				b.createEndpoint("e0")
				b.upload("e0", b.next("version"))
				b.upload("e0", b.next("version"))
				b.deploy("e0", "version-0001")
				b.putSource("e0", b.next("source"))
				b.kill()
				// How often the first step of a kind is reached is found out; the
				// others are not reached more often.
				kind, times := "", 0
				for _, step := range steps {
					k, _, _ := strings.Cut(step, ".")
					for n := 1; k != kind || n <= times; n++ {
						if !b.dies(operation, fmt.Sprintf("%s:%d", step, n)) {
							if k != kind {
								kind, times = k, n-1
							}
							break
						}
						note(step)
					}
				}
				b.cleans()
				mu.Lock()
				defer mu.Unlock()
				ended++
			})
		}
		t.Run("first start", func(t *testing.T) { firstStart(t, note) })
		t.Run("migration", func(t *testing.T) { migration(t, note) })
		t.Run("forgotten builds", func(t *testing.T) { forgottenBuilds(t, note) })
	})
	for _, step := range all {
		if died[step] == 0 && ended == len(durableOperations) {
			t.Errorf("nothing died at %s", step)
		}
	}
	t.Logf("killed at %v", died)
}

// dies has a process do an operation that dies at a step, and tells whether it
// did.
func (b *box) dies(operation durableOperation, step string) bool {
	b.Helper()
	b.disarm()
	b.mustStart(b.failing(step))
	b.settle()
	operation.prepare(b)
	b.age("versions/*")
	b.age("sources/*")
	b.arm()
	done := operation.do(b)
	if b.Failed() {
		b.Fatalf("at %s", step)
	}
	b.kill()
	return !done
}
