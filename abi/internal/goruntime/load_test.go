//go:build linux && (amd64 || arm64)

package goruntime

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A Go library stays in a process for good, and the loader reads its tunables
// when a process starts. So each scenario runs in a process of its own: this
// test binary, started anew.
const scenarioVariable = "EDGE_GATEWAY_GORUNTIME_SCENARIO"

func TestMain(m *testing.M) {
	if scenario := os.Getenv(scenarioVariable); scenario != "" {
		if err := scenarios[scenario](os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, "scenario failed:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	if l, _ := library(); l != "" {
		_ = os.RemoveAll(filepath.Dir(l))
	}
	os.Exit(code)
}

func TestSixtyLibrariesAndTheHostRecoverFaultsUnderLoad(t *testing.T) {
	run(t, "sixty", copies(t, Cap+1))
}

func TestAThreadWhosePreemptionTheLibraryTookIsPreemptedAgain(t *testing.T) {
	run(t, "swallowed", copies(t, 1))
}

func TestALibraryThatOpenGaveUpOnCountsAsLoaded(t *testing.T) {
	run(t, "given up", copies(t, 1))
}

func TestAFailedOpenChangesNothing(t *testing.T) {
	run(t, "failed", nil)
}

func TestAProcessStartedWithoutRoomIsRefusedWithTheRemedy(t *testing.T) {
	run(t, "unprepared", nil)
}

func run(t *testing.T, scenario string, libraries []string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], libraries...)
	command.Env = append(os.Environ(), scenarioVariable+"="+scenario)
	if scenario == "unprepared" {
		command.Env = append(command.Env, TunablesVariable+"=")
	} else {
		command.Env = append(command.Env, TunablesVariable+"="+Tunables(os.Getenv(TunablesVariable)))
	}
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	started := time.Now()
	err := command.Run()
	t.Logf("%.2f s\n%.8000s", time.Since(started).Seconds(), output.String())
	if err != nil {
		t.Fatalf("%s: %v", scenario, err)
	}
}

// copies are n copies of the library: the loader takes a file that it knows
// for the library that it has.
func copies(t *testing.T, n int) []string {
	t.Helper()
	original, err := library()
	if err != nil {
		var missing *exec.Error
		if errors.As(err, &missing) && os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") != "1" {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	content, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, n)
	for i := range names {
		names[i] = filepath.Join(t.TempDir(), "library.so")
		if err := os.WriteFile(names[i], content, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

var library = sync.OnceValues(func() (string, error) {
	for _, tool := range []string{"go", "cc"} {
		if _, err := exec.LookPath(tool); err != nil {
			return "", err
		}
	}
	source, err := os.ReadFile("testdata/library/main.go")
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "goruntime-")
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "library.so")
	if err := os.WriteFile(filepath.Join(dir, "main.go"), source, 0o600); err != nil {
		return name, err
	}
	command := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", name, "main.go")
	command.Dir = dir
	command.Env = append(os.Environ(), "CGO_ENABLED=1", "GOFLAGS=-buildvcs=false", "GO111MODULE=off", "CC=cc")
	if output, err := command.CombinedOutput(); err != nil {
		return name, fmt.Errorf("%q: %w\n%s", command.Args, err, strings.TrimSpace(string(output)))
	}
	return name, nil
})
