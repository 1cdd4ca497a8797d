//go:build linux

package main

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/crash"
)

// A crash is followed by the standby, which serves what is not in quarantine.
func TestAStandbyServesAfterEachCrash(t *testing.T) {
	t.Setenv("EDGE_GATEWAY_SINGLE_PROCESS", "false")
	dir, _ := project(t)
	library := faulty(t, "c")
	config := write(t, filepath.Join(dir, "edge-gateway.toml"), "[server]\nstandby = true\n"+
		"[[endpoint]]\nname = \"guilty\"\npath = \"/f/{path:*}\"\nlibrary = "+strconv.Quote(library)+"\n[[endpoint]]\nname = \"other\"\npath = \"/other\"\nsource = \".\"\n")
	p := serve(t, nil, "--config", config, "--data", filepath.Join(dir, "d"))
	standbys := func(n int) {
		t.Helper()
		within(t, time.Minute, "a worker stands by", func() bool { return strings.Count(p.output(), "a worker process stands by") >= n })
	}
	for n := range crash.Often {
		standbys(n + 1)
		began := time.Now()
		if answer, refused := send(p.address, "/f/segv"); answer != nil || refused {
			t.Fatalf("crash %d: refused %v, answer %v", n+1, refused, answer)
		}
		answer, refused := send(p.address, "/other")
		if refused || answer == nil || answer.StatusCode != 200 {
			t.Fatalf("after crash %d: refused %v, answer %v", n+1, refused, answer)
		}
		t.Logf("crash %d: others are served after %v", n+1, time.Since(began))
	}
	if answer, _ := send(p.address, "/f/segv"); answer == nil || answer.StatusCode != 503 {
		t.Errorf("in quarantine: %v", answer)
	}
	standbys(crash.Often + 1)
	p.stop(t)
}
