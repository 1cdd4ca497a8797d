package gateway_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
)

const marker = "version-0000"

const versionInC = `#include "edge_gateway_sdk.h"
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  return eg_answer(host, request, response, 200, "text/plain", eg_text("version-0000"));
}
EG_HANDLER_UNLOADABLE("versions", "1.0");
EG_ENTRY(answer);
`

// Requests from 32 connections while versions are swapped: none is lost, every
// version is seen, and after a swap has returned no request sees an older one.
func TestSwapUnderLoadLosesNothing(t *testing.T) {
	for _, test := range []struct {
		language string
		library  func(t *testing.T) string
		versions int
		unloaded bool
	}{
		{"c", func(t *testing.T) string { return buildC(t, versionInC) }, 100, true},
		{"rust", func(t *testing.T) string { return build(t, "testdata/swap/rust") }, 100, true},
		{"go", func(t *testing.T) string { return build(t, "testdata/swap/go") }, 20, false},
	} {
		t.Run(test.language, func(t *testing.T) { swapUnderLoad(t, test.library(t), test.versions, test.unloaded) })
	}
}

func swapUnderLoad(t *testing.T, library string, versions int, unloaded bool) {
	libraries := make([]string, versions)
	for n := range libraries {
		libraries[n] = patched(t, library, marker, fmt.Sprintf("version-%04d", n+1))
	}
	serve := func(n int) gateway.Snapshot {
		return gateway.Snapshot{Endpoints: []gateway.Endpoint{endpoint("versions", "/", libraries[n])}}
	}
	mapped := instancesMapped(t)
	g, address := start(t, gateway.Options{}, serve(0))

	var swapped atomic.Int64 // the last version whose Apply has returned
	swapped.Store(1)
	seen := make([]atomic.Bool, versions+1)
	news := make(chan struct{}, 1)
	asked := make([]atomic.Int64, 32) // swapped, when the request under way on a connection was written
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	// One load of one connection each, so that a check knows its request.
	results := make([]*rawclient.Result, len(asked))
	var loads sync.WaitGroup
	for c := range asked {
		loads.Go(func() {
			load := rawclient.Load{Addr: address, Conns: 1,
				Request: func(int, int) []byte {
					asked[c].Store(swapped.Load())
					return []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
				},
				Check: func(r *rawclient.Response) error {
					n, err := strconv.Atoi(strings.TrimPrefix(string(r.Body), "version-"))
					if r.Status != 200 || err != nil || n > versions {
						return fmt.Errorf("status %d: %q", r.Status, r.Body)
					}
					if oldest := asked[c].Load(); int64(n) < oldest {
						return fmt.Errorf("version %d answered a request written after version %d was swapped in", n, oldest)
					}
					if !seen[n].Swap(true) {
						select {
						case news <- struct{}{}:
						default:
						}
					}
					return nil
				},
			}
			results[c] = load.Run(ctx)
		})
	}
	digests := map[string]bool{}
	for n := range versions {
		if err := g.Apply(t.Context(), serve(n)); err != nil {
			t.Error(err)
			break
		}
		swapped.Store(int64(n + 1))
		status, err := g.Status("versions")
		if err != nil {
			t.Fatal(err)
		}
		digests[status.Version] = true
		for patience := time.After(10 * time.Second); !seen[n+1].Load(); {
			select {
			case <-news:
			case <-patience:
				t.Fatalf("version %d was never seen", n+1)
			}
		}
	}
	cancel()
	loads.Wait()
	ok := 0
	for _, r := range results {
		ok += r.OK
		if r.Failed > 0 || r.Refused > 0 {
			t.Error(r)
		}
	}
	if len(digests) != versions {
		t.Errorf("%d digests of %d versions", len(digests), versions)
	}
	status := settled(t, g, "versions", int64(versions-1))
	t.Logf("%d answers, %d versions, %+v", ok, versions, status)
	left := instancesMapped(t) - mapped
	switch {
	case unloaded && (status.Unloaded != int64(versions-1) || left != 1):
		t.Errorf("%d of %d were unloaded, %d are mapped", status.Unloaded, versions-1, left)
	case !unloaded && (status.Retained != int64(versions-1) || left != versions):
		t.Errorf("%d of %d were retained, %d are mapped", status.Retained, versions-1, left)
	}
}

// settled waits until so many replaced versions have ended.
func settled(t *testing.T, g *gateway.Gateway, endpoint string, ended int64) gateway.Status {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		status, err := g.Status(endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if status.Draining == 0 && status.Unloaded+status.Retained >= ended {
			return status
		}
		if time.Now().After(deadline) {
			t.Fatalf("replaced versions did not end: %+v", status)
		}
		time.Sleep(time.Millisecond) // asking again, not waiting for a time
	}
}

// instancesMapped counts the libraries in this process that were loaded as
// instances, by their inodes: their files are gone and names may come back.
func instancesMapped(t *testing.T) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Skip("mappings cannot be read here: ", err)
	}
	inodes := map[string]bool{}
	for line := range strings.Lines(string(maps)) {
		if strings.Contains(line, "/instances/instance-") {
			inodes[strings.Fields(line)[4]] = true
		}
	}
	return len(inodes)
}

const countingInC = `#include "edge_gateway_sdk.h"
static int requests, inits;
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  const eg_bytes who = eg_config(host, "who");
  return eg_answer(host, request, response, 200, "text/plain",
                   eg_format(host, request, "%.*s: init %d, request %d", (int)who.len, (const char *)who.ptr,
                             inits, __atomic_add_fetch(&requests, 1, __ATOMIC_SEQ_CST)));
}
static int32_t begin(const eg_host *host, const eg_init *init, void **self) {
  (void)host; (void)init; (void)self;
  inits++;
  return EG_OK;
}
EG_HANDLER("counting", "1.0");
EG_INIT(begin);
EG_ENTRY(answer);
`

func TestOneLibraryOnTwoEndpointsHasTwoStatesAndConfigs(t *testing.T) {
	library := buildC(t, countingInC)
	a, b := endpoint("a", "/a", library), endpoint("b", "/b", library)
	a.Config, b.Config = map[string]string{"who": "A"}, map[string]string{"who": "B"}
	_, address := start(t, gateway.Options{}, gateway.Snapshot{Endpoints: []gateway.Endpoint{a, b}})
	for _, step := range []struct{ path, want string }{
		{"/a", "A: init 1, request 1"}, {"/a", "A: init 1, request 2"}, {"/b", "B: init 1, request 1"}, {"/a", "A: init 1, request 3"},
	} {
		if got := get(t, address, step.path); string(got.Body) != step.want {
			t.Errorf("%s answered %q, want %q", step.path, got.Body, step.want)
		}
	}
}

// A library that stays mapped must not be entered with globals that were shut
// down: going back to it is a new instance.
func TestBackToAVersionThatCannotBeUnloaded(t *testing.T) {
	v1 := buildC(t, countingInC)
	v2 := buildC(t, strings.ReplaceAll(countingInC, "request %d", "REQUEST %d"))
	serve := func(library string) gateway.Snapshot {
		e := endpoint("e", "/", library)
		e.Config = map[string]string{"who": "E"}
		return gateway.Snapshot{Endpoints: []gateway.Endpoint{e}}
	}
	g, address := start(t, gateway.Options{}, serve(v1))
	for n, step := range []struct{ library, want string }{
		{v1, "E: init 1, request 1"}, {v2, "E: init 1, REQUEST 1"}, {v1, "E: init 1, request 1"}, {v1, "E: init 1, request 2"},
	} {
		if err := g.Apply(t.Context(), serve(step.library)); err != nil {
			t.Fatal(err)
		}
		if n == 2 {
			settled(t, g, "e", 2)
		}
		if got := get(t, address, "/"); string(got.Body) != step.want {
			t.Errorf("step %d answered %q, want %q", n, got.Body, step.want)
		}
	}
}

func get(t *testing.T, address, path string) *rawclient.Response {
	t.Helper()
	return ask(t, address, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
}

// ask sends one request on a connection of its own.
func ask(t *testing.T, address, request string) *rawclient.Response {
	t.Helper()
	c, err := rawclient.Dial(address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r, err := c.Do([]byte(request))
	if err != nil {
		t.Fatalf("%.60q: %v", request, err)
	}
	return r
}
