//go:build unix

package main

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestKillsOfControlAndWorker kills the one, the other or both at random moments
// of a storm of deploys. Control is started anew as a service manager would. All
// that was acknowledged is there each time, and served.
func TestKillsOfControlAndWorker(t *testing.T) {
	t.Setenv("EDGE_GATEWAY_SINGLE_PROCESS", "false")
	rounds := 9
	if os.Getenv("EDGE_GATEWAY_TEST_LONG") == "1" {
		rounds = 100
	}
	seed, err := strconv.ParseUint(os.Getenv(seedVariable), 10, 64)
	if err != nil {
		seed = rand.Uint64()
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("do it again with %s=%d", seedVariable, seed)
		}
	})
	r := rand.New(rand.NewPCG(seed, 0))
	b := newBox(t)
	b.mustStart()
	b.settle()
	for _, name := range residents { // so that there is something to be back
		b.createEndpoint(name)
		text := b.next("version")
		b.upload(name, text)
		b.deploy(name, text)
	}
	took := map[string][]time.Duration{}
	acknowledged := 0
	for round := range rounds {
		victim := []string{"worker", "control", "both"}[(round+r.IntN(2))%3]
		worker := b.now.worker(t)
		var struck atomic.Bool
		now := b.now
		b.mayRefuse = victim == "worker"
		moment := time.AfterFunc(time.Duration(r.Int64N(int64(300*time.Millisecond))), func() {
			if victim != "control" {
				_ = syscall.Kill(worker, syscall.SIGKILL)
			}
			if victim != "worker" {
				_ = now.Process.Kill()
			}
			struck.Store(true)
		})
		for !struck.Load() {
			if !b.deployment(r) {
				break
			}
			acknowledged++
		}
		for !struck.Load() { // what was under way was refused for another reason
			time.Sleep(time.Millisecond)
		}
		moment.Stop()
		began := time.Now()
		if victim == "worker" {
			within(t, 30*time.Second, "it is ready again", func() bool {
				status, _, err := b.ask("GET", "/readyz", "", nil)
				if err != nil {
					t.Fatal(err)
				}
				return status == 200 && b.answersAtAll()
			})
		} else {
			b.died()
			began = time.Now()
			b.mustStart()
			within(t, 30*time.Second, "it answers", b.answersAtAll)
		}
		took[victim] = append(took[victim], time.Since(began))
		b.mayRefuse = false
		b.settle()
		if t.Failed() {
			t.Fatalf("in round %d, of %s", round, victim)
		}
	}
	for victim, all := range took {
		slices.Sort(all)
		t.Logf("of %s: back after %v at the median, %v at most, of %d", victim, all[len(all)/2], all[len(all)-1], len(all))
		if aim := time.Second; all[len(all)/2] > 5*aim {
			t.Errorf("of %s: it takes %v to be back", victim, all)
		}
	}
	t.Logf("seed %d: %d changes were acknowledged", seed, acknowledged)
	b.stop()
}

// answersAtAll tells whether one of the endpoints answers.
func (b *box) answersAtAll() bool {
	got, err := visit(b.now.address, "/"+residents[0])
	return err == nil && strings.HasPrefix(string(got), "version-")
}

// deployment does one of the things that deploys are made of.
func (b *box) deployment(r *rand.Rand) bool {
	b.Helper()
	for {
		switch name, do := b.anything(r); name {
		case "upload", "deploy", "rollback", "canary", "promote", "abort", "delete version":
			return do()
		}
	}
}
