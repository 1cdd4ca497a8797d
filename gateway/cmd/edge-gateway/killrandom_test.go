//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// seedVariable has the seed of a test at random that is to be done again.
const seedVariable = "EDGE_GATEWAY_TEST_SEED"

// TestKillsAtRandomMoments kills one process after the other over one data
// directory while a client makes changes and others ask the endpoints.
func TestKillsAtRandomMoments(t *testing.T) {
	rounds := 25
	if os.Getenv("EDGE_GATEWAY_TEST_LONG") == "1" {
		rounds = 250
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
	began := map[string]int{}
	acknowledged, whileStarting := 0, 0
	var asked atomic.Int64
	for round := range rounds {
		starting := r.IntN(8) == 0 // also while it starts
		if starting {
			whileStarting++
			b.startAndKill(time.Duration(r.Int64N(int64(120 * time.Millisecond))))
		}
		b.mustStart()
		b.settle()
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
		traffic := b.traffic(&asked)
		moment := time.AfterFunc(time.Duration(r.Int64N(int64(400*time.Millisecond))), func() { _ = b.now.Process.Kill() })
		for {
			name, do := b.anything(r)
			began[name]++
			if !do() {
				break
			}
			acknowledged++
		}
		moment.Stop()
		b.died()
		traffic()
	}
	b.cleans()
	t.Logf("seed %d: %d kills during changes and %d during starts; %d changes were acknowledged, of those begun %v; %d requests were answered",
		seed, rounds, whileStarting, acknowledged, began, asked.Load())
}

// startAndKill kills a process before it is known to serve.
func (b *box) startAndKill(after time.Duration) {
	b.Helper()
	moment := time.AfterFunc(time.Hour, func() {})
	b.launch(func(r *running) { moment = time.AfterFunc(after, func() { _ = r.Process.Kill() }) })
	moment.Stop()
	b.kill()
}

// anything is an operation that can be done now.
func (b *box) anything(r *rand.Rand) (name string, do func() bool) {
	b.Helper()
	w := b.world()
	type choice struct {
		name string
		do   func() bool
	}
	var all []choice
	add := func(name string, may bool, do func() bool) {
		if may {
			all = append(all, choice{name, do})
		}
	}
	endpoint := residents[r.IntN(len(residents))]
	e := w.Endpoints[endpoint]
	add("create endpoint", e == nil, func() bool { return b.createEndpoint(endpoint) })
	keys := slices.Sorted(maps.Keys(w.Keys))
	key := keys[r.IntN(len(keys))]
	add("create key", len(keys) < 4, func() bool { return b.createKey(b.next("key")) })
	add("delete key", len(keys) > 1, func() bool { return b.deleteKey(key) })
	service := fmt.Sprint("s", r.IntN(2))
	add("put service", true, func() bool { return b.putService(service, 1+r.IntN(30)) })
	add("delete service", w.Services[service] != 0, func() bool { return b.deleteService(service) })
	absent := slices.DeleteFunc(slices.Clone(residents), func(name string) bool { return w.Endpoints[name] != nil })
	add("apply bundle", len(absent) > 1, func() bool {
		return b.applyBundle(map[string]string{absent[0]: b.next("version"), absent[1]: b.next("version")})
	})
	if e != nil {
		others := slices.DeleteFunc(slices.Sorted(maps.Keys(e.Versions)), func(text string) bool { return text == e.Current || text == e.Canary })
		other := ""
		if len(others) > 0 {
			other = others[r.IntN(len(others))]
		}
		add("upload", len(e.Versions) < 5, func() bool { return b.upload(endpoint, b.next("version")) })
		add("put source", true, func() bool { return b.putSource(endpoint, b.next("source")) })
		add("build", e.Source != "" && len(e.Versions) < 5, func() bool { return b.build(endpoint, false) })
		add("build and deploy", e.Source != "" && len(e.Versions) < 5, func() bool { return b.build(endpoint, true) })
		for range 3 {
			add("deploy", other != "", func() bool { return b.deploy(endpoint, other) })
			add("rollback", e.before() != "", func() bool { return b.rollback(endpoint) })
		}
		add("canary", other != "" && e.Current != "" && e.Canary == "", func() bool { return b.canary(endpoint, other) })
		add("promote", e.Canary != "", func() bool { return b.endCanary(endpoint, "promote") })
		add("abort", e.Canary != "", func() bool { return b.endCanary(endpoint, "abort") })
		add("undeploy", e.Current != "", func() bool { return b.undeploy(endpoint) })
		add("delete version", other != "", func() bool { return b.deleteVersion(endpoint, other) })
		add("delete endpoint", len(e.History) > 3, func() bool { return b.deleteEndpoint(endpoint) })
	}
	chosen := all[r.IntN(len(all))]
	return chosen.name, chosen.do
}

// traffic asks the endpoints, over and over, until the process has ended and
// the function it returns is called. An answer has to be one of those that may
// be between the request and the answer; there has to be one while the process
// lives.
func (b *box) traffic(asked *atomic.Int64) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var clients sync.WaitGroup
	now := b.now
	for _, name := range residents {
		clients.Go(func() {
			pace := time.NewTicker(3 * time.Millisecond) // the changes are to get on, too
			defer pace.Stop()
			for ; ctx.Err() == nil; <-pace.C {
				since := b.moment()
				got, err := visit(now.address, "/"+name)
				switch {
				case errors.Is(err, errNoAnswer):
					select {
					case <-now.ended:
						return
					case <-time.After(10 * time.Second):
						b.Errorf("%s does not answer, and the process lives: %v", name, err)
						return
					}
				case !b.mayAnswer(name, got, since):
					b.Errorf("%s answered %q, which it may not", name, got)
				}
				asked.Add(1)
			}
		})
	}
	return func() {
		cancel()
		clients.Wait()
	}
}

// moment is one from which on it is told what endpoints may answer.
func (b *box) moment() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.answers) - 1
}

func (b *box) mayAnswer(name string, got reply, since int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, may := range b.answers[since:] {
		if slices.Contains(strings.Fields(string(may[name])), string(got)) {
			return true
		}
	}
	return false
}
