package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
)

// footprint is what a process has.
type footprint struct{ memory, threads, mappings, files int }

// footprintOf is what a process has; false if there is none of that id.
func footprintOf(pid int) (f footprint, ok bool) {
	proc := fmt.Sprintf("/proc/%d/", pid)
	status, err := os.ReadFile(proc + "status")
	maps, err2 := os.ReadFile(proc + "maps")
	files, err3 := os.ReadDir(proc + "fd")
	if errors.Join(err, err2, err3) != nil {
		return f, false
	}
	number := func(name string) (n int) {
		_, rest, _ := bytes.Cut(status, []byte("\n"+name+":"))
		_, _ = fmt.Sscan(string(rest), &n)
		return n
	}
	return footprint{number("VmRSS") >> 10, number("Threads"), bytes.Count(maps, []byte("\n")), len(files)}, true
}

func (f footprint) String() string {
	return fmt.Sprintf("%d MiB, %d threads, %d mappings, %d files", f.memory, f.threads, f.mappings, f.files)
}

// within tells whether it is a tenth more than before at most, or, of small
// numbers, a few.
func (f footprint) within(before footprint) bool {
	most := func(n, few int) int { return n + max(n/10, few) }
	return f.memory <= most(before.memory, 4) && f.threads <= most(before.threads, 3) &&
		f.mappings <= most(before.mappings, 8) && f.files <= most(before.files, 2)
}

func (f *footprint) atMost(now footprint) {
	f.memory, f.threads = max(f.memory, now.memory), max(f.threads, now.threads)
	f.mappings, f.files = max(f.mappings, now.mappings), max(f.files, now.files)
}

// Many swaps, under load: what cannot be unloaded goes with the worker, which is
// replaced when it has too much of that. Nothing adds up in either process.
func TestSwapsLeaveNothingBehind(t *testing.T) {
	dir, _ := project(t)
	kinds := []swapped{
		{"C that stays", dir, true},
		{"C", "../../../sdk-c/examples/hello", false}, {"Rust", "../../../sdk-rust/examples/hello", true},
		{"Go", "../../../sdk-go/examples/hello", true},
	}
	swaps := 500
	if os.Getenv("EDGE_GATEWAY_TEST_LONG") != "1" {
		kinds, swaps = kinds[:1], 40
	}
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) { kind.swap(t, swaps) })
	}
}

// swapped is a handler of which one version after the other serves.
type swapped struct {
	name, source string
	stays        bool // mapped, after it has ended
}

func (s swapped) swap(t *testing.T, swaps int) {
	file := filepath.Join(t.TempDir(), "hello.so")
	out, err := exec.Command(binary, "build", s.source, "-o", file, "--data", t.TempDir()).CombinedOutput()
	if err != nil {
		if strings.Contains(string(out), "not found") && os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") != "1" {
			t.Skipf("%s", out)
		}
		t.Fatalf("%v\n%s", err, out)
	}
	library, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b := newBox(t)
	write(t, filepath.Join(b.dir, "edge-gateway.toml"), fmt.Sprintf("[server]\nrecycle_retained = %d\n", 20*len(library)))
	b.mustStart()
	b.swapAsk("POST", "/endpoints", jsonBody, []byte(`{"name":"hello","path":"/{name?}"}`))
	// Versions that differ in what no loader looks at.
	var digests []string
	for n := range 10 {
		version := append(bytes.Clone(library), byte(n))
		sum := sha256.Sum256(version)
		digests = append(digests, hex.EncodeToString(sum[:]))
		b.swapAsk("POST", "/endpoints/hello/versions", bytesBody, version)
	}
	deploy := func(n int) {
		b.swapAsk("POST", "/endpoints/hello/deploy", jsonBody, []byte(`{"version":"`+digests[n%len(digests)]+`"}`))
	}
	for n := range 10 {
		deploy(n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	load := rawclient.Load{
		Addr: b.now.address, Conns: 4, Think: 2 * time.Millisecond, Check: rawclient.WantStatus(200),
		Request: func(int, int) []byte { return []byte("GET /a HTTP/1.1\r\nHost: x\r\n\r\n") },
	}
	done := make(chan *rawclient.Result, 1)
	go func() { done <- load.Run(ctx) }()

	// A worker that begins is compared with one that begins.
	fresh := func() (worker footprint) {
		old := b.now.worker(t)
		b.swapAsk("POST", "/recycle", "", nil)
		within(t, time.Minute, "the old worker ends", func() bool { return gone(old) })
		time.Sleep(time.Second) // under load, which brings what a worker needs for it
		return b.footprintOf(b.now.worker(t))
	}
	control := b.now.Process.Pid
	workerBefore, controlBefore := fresh(), b.footprintOf(control)
	var most footprint
	replaced := func() int { return strings.Count(b.now.output(), "had passed a limit, and was replaced") }
	recycled := replaced()
	for n := range swaps {
		deploy(n)
		if now, ok := footprintOf(b.now.worker(t)); ok { // else it is being replaced
			most.atMost(now)
		}
	}
	if s.stays { // a worker that is young is replaced in a while
		within(t, time.Minute, "the worker is replaced", func() bool { return replaced()-recycled >= max(swaps/60, 1) })
	}
	recycled = replaced() - recycled
	if s.stays && recycled < max(swaps/60, 1) || !s.stays && recycled > 0 {
		t.Errorf("the worker was replaced %d times", recycled)
	}
	workerAfter := fresh()
	cancel()
	if r := <-done; r.Failed != 0 || r.Refused != 0 {
		t.Error(r)
	}
	// What control has of garbage it gives back in its own time.
	var controlAfter footprint
	within(t, 5*time.Minute, "control has no more than before", func() bool {
		time.Sleep(100 * time.Millisecond)
		controlAfter = b.footprintOf(control)
		return controlAfter.within(controlBefore)
	})
	if !workerAfter.within(workerBefore) {
		t.Errorf("worker: %v, before %v", workerAfter, workerBefore)
	}
	t.Logf("%d swaps of %s: the worker was replaced %d times\nworker:  %v at the start, %v at most, %v at the end\ncontrol: %v at the start, %v at the end",
		swaps, s.name, recycled, workerBefore, most, workerAfter, controlBefore, controlAfter)
	b.stop()
}

// footprintOf is that of a process that lives.
func (b *box) footprintOf(pid int) footprint {
	b.Helper()
	f, ok := footprintOf(pid)
	if !ok {
		b.Fatalf("process %d cannot be looked at", pid)
	}
	return f
}

// swapAsk asks the API for a change, which has to succeed.
func (b *box) swapAsk(method, path, kind string, body []byte) {
	b.Helper()
	status, answer, err := b.ask(method, "/api/v1"+path, kind, body)
	if err != nil || status >= 300 {
		b.Fatalf("%s %s: %d %s, %v", method, path, status, answer, err)
	}
}
