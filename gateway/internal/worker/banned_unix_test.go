//go:build unix

package worker_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/worker"
)

// What Crashed bans stays so over changes that still have it, and until one has
// not.
func TestABanLastsUntilASnapshotIsWithoutTheVersion(t *testing.T) {
	version := strings.Repeat("ab", 32)
	built, err := os.ReadFile(build(t, faultyInC))
	if err != nil {
		t.Fatal(err)
	}
	library := filepath.Join(t.TempDir(), version+".so") // called as artifacts are
	if err := os.WriteFile(library, built, 0o600); err != nil {
		t.Fatal(err)
	}
	faulty := gateway.Endpoint{Name: "faulty", Path: "/faulty", Library: library}
	good := gateway.Endpoint{Name: "good", Path: "/good", Library: library}
	s := start(t, serve(faulty))
	s.ban(worker.Banned{Endpoint: "faulty", Version: version})
	if r, err := s.ask("/faulty?segv"); err == nil {
		t.Errorf("it answered %d", r.Status)
	}
	s.wantStatus(t, "/faulty", 503)
	apply := func(endpoints ...gateway.Endpoint) {
		t.Helper()
		if err := s.Apply(t.Context(), serve(endpoints...)); err != nil {
			t.Fatal(err)
		}
	}
	apply(faulty, good)
	s.wantStatus(t, "/faulty", 503)
	s.wantStatus(t, "/good", 200) // the same version, of another endpoint
	empty := faulty
	empty.Library = ""
	apply(empty, good)
	s.wantStatus(t, "/faulty", 503)
	apply(faulty, good)
	s.wantStatus(t, "/faulty", 200)
	if r, err := s.ask("/good?segv"); err == nil { // the next worker does not have it, either
		t.Errorf("it answered %d", r.Status)
	}
	s.wantStatus(t, "/faulty", 503)
	apply(faulty, gateway.Endpoint{Name: "good", Path: "/good", Library: library, Canary: &gateway.Canary{Library: library, Weight: 1}})
	s.wantStatus(t, "/faulty", 503)
}
