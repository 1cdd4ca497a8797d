//go:build unix

package toolchain_test

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/toolchain"
)

func TestOutputIsSeenWhileTheCompilerRuns(t *testing.T) {
	gate := filepath.Join(t.TempDir(), "gate")
	must(t, exec.Command("mkfifo", gate).Run())
	fakeCompiler(t, `
echo "first" >&2
cat "`+gate+`"
exit 1
`)
	tc := newToolchain(t, toolchain.Config{})
	read, write := io.Pipe()
	dir := project(t, "a.c", "")
	result := make(chan error, 1)
	go func() {
		_, err := tc.BuildRequest(t.Context(), toolchain.Request{Dir: dir, Log: write})
		write.Close()
		result <- err
	}()
	lines := bufio.NewScanner(read)
	if !lines.Scan() || lines.Text() != "first" {
		t.Fatalf("read %q, %v", lines.Text(), lines.Err())
	}
	must(t, os.WriteFile(gate, []byte("second\n"), 0o600)) // lets it go on
	if !lines.Scan() || lines.Text() != "second" || lines.Scan() {
		t.Errorf("read %q, %v", lines.Text(), lines.Err())
	}
	var failed *toolchain.BuildError
	if err := <-result; !errors.As(err, &failed) || failed.Output != "first\nsecond\n" {
		t.Errorf("error %v", err)
	}
}

func TestLogOfARustBuildNamesTheCratesAndHasNoFalseAlarm(t *testing.T) {
	need(t, programs[toolchain.Rust]...)
	tc := newToolchain(t, toolchain.Config{Offline: true})
	var log strings.Builder
	dir := template(t, toolchain.Rust)
	library, err := tc.BuildRequest(t.Context(), toolchain.Request{Dir: dir, Log: &log})
	must(t, err)
	if log.String() != "compiled edge_gateway_sdk\ncompiled greet\n" || library.Output != "" {
		t.Errorf("log %q, output %q", log.String(), library.Output)
	}
	log.Reset()
	write(t, filepath.Join(dir, "src/lib.rs"), "what is this?\n")
	_, err = tc.BuildRequest(t.Context(), toolchain.Request{Dir: dir, Log: &log})
	var failed *toolchain.BuildError
	if !errors.As(err, &failed) || failed.Output != log.String() {
		t.Errorf("error %v, log %q", err, log.String())
	}
	contains(t, log.String(), "src/lib.rs:1:")
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("nobody reads") }

func TestLogThatFailsDoesNotFailTheBuild(t *testing.T) {
	need(t, "cc")
	library, err := newToolchain(t, toolchain.Config{}).BuildRequest(t.Context(),
		toolchain.Request{Dir: project(t, "a.c", "#warning beware\n"+plainC), Log: broken{}})
	must(t, err)
	contains(t, library.Output, "beware")
}
