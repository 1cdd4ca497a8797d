//go:build unix

package toolchain_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/toolchain"
)

// readPids waits for the compiler to write the processes it started.
func readPids(t *testing.T, fifo string) []int {
	t.Helper()
	text, err := os.ReadFile(fifo)
	must(t, err)
	var pids []int
	for _, field := range strings.Fields(string(text)) {
		pid, err := strconv.Atoi(field)
		must(t, err)
		pids = append(pids, pid)
	}
	return pids
}

// gone waits until a process has ended; one that waits to be reaped has.
func gone(t *testing.T, pid int) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			return
		}
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err == nil && strings.Contains(string(stat), ") Z ") {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("process %d still runs", pid)
}

// A compiler that starts children and grandchildren and never ends. All of
// them hold its output open.
func endlessCompiler(t *testing.T) (fifo string) {
	t.Helper()
	fifo = filepath.Join(t.TempDir(), "pids")
	must(t, exec.Command("mkfifo", fifo).Run())
	fakeCompiler(t, `
sleep 300 &
one=$!
sh -c 'sleep 300 & echo $! ; wait' > "`+fifo+`.two" &
while ! [ -s "`+fifo+`.two" ]; do sleep 0.01; done
echo "compiling for ever"
echo $$ $one $(cat "`+fifo+`.two") > "`+fifo+`"
wait
`)
	return fifo
}

func TestTimeoutKillsEveryProcessOfTheBuild(t *testing.T) {
	fifo := endlessCompiler(t)
	tc := newToolchain(t, toolchain.Config{Timeout: 3 * time.Second})
	dir := project(t, "a.c", "")
	result := make(chan error, 1)
	start := time.Now()
	go func() {
		_, err := tc.Build(t.Context(), dir)
		result <- err
	}()
	pids := readPids(t, fifo)
	if len(pids) != 3 {
		t.Fatalf("processes: %v", pids)
	}
	err := <-result
	var failed *toolchain.BuildError
	if !errors.As(err, &failed) || !errors.Is(err, toolchain.ErrTimeout) {
		t.Fatalf("error %v", err)
	}
	contains(t, err.Error(), dir, "3s")
	contains(t, failed.Output, "compiling for ever")
	if took := time.Since(start); took > 15*time.Second {
		t.Errorf("took %v", took)
	}
	for _, pid := range pids {
		gone(t, pid)
	}
}

func TestCancelKillsEveryProcessOfTheBuild(t *testing.T) {
	fifo := endlessCompiler(t)
	tc := newToolchain(t, toolchain.Config{})
	dir := project(t, "a.c", "")
	ctx, cancel := context.WithCancelCause(t.Context())
	result := make(chan error, 1)
	go func() {
		_, err := tc.Build(ctx, dir)
		result <- err
	}()
	pids := readPids(t, fifo)
	why := errors.New("the source was saved again")
	cancel(why)
	if err := <-result; !errors.Is(err, why) || errors.Is(err, toolchain.ErrTimeout) {
		t.Errorf("error %v", err)
	}
	for _, pid := range pids {
		gone(t, pid)
	}
}

func TestProcessLeftInTheBackgroundDoesNotHoldUpABuild(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	fakeCompiler(t, `
sleep 300 &
echo $! > "`+pids+`"
while [ "$1" != -o ]; do shift; done
echo library > "$2"
`)
	tc := newToolchain(t, toolchain.Config{})
	start := time.Now()
	_, err := tc.Build(t.Context(), project(t, "a.c", ""))
	must(t, err)
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
	for _, pid := range readPids(t, pids) {
		gone(t, pid)
	}
}

func TestOutputKeepsHeadAndTail(t *testing.T) {
	fakeCompiler(t, `
echo "a.c:1: error: the first"
i=0; while [ $i -lt 4000 ]; do echo "line $i of a great many that nobody reads"; i=$((i+1)); done
printf '\377 no text\n'
echo "the end" >&2
exit 1
`)
	tc := newToolchain(t, toolchain.Config{OutputLimit: 4096})
	_, err := tc.Build(t.Context(), project(t, "a.c", ""))
	var failed *toolchain.BuildError
	if !errors.As(err, &failed) {
		t.Fatalf("error %v", err)
	}
	if len(failed.Output) > 4096+100 {
		t.Errorf("output has %d bytes", len(failed.Output))
	}
	contains(t, failed.Output, "a.c:1: error: the first\nline 0 ", "bytes left out", "line 3999 ", "\uFFFD no text")
	if !strings.HasSuffix(failed.Output, "the end\n") {
		t.Errorf("the end is not the end: %q", failed.Output[len(failed.Output)-100:])
	}
	contains(t, err.Error(), "a.c:1: error: the first")
}

func TestCompilerSeesNoSecrets(t *testing.T) {
	for name, value := range map[string]string{
		"EDGE_GATEWAY_TOKEN":    "secret",
		"AWS_SECRET_ACCESS_KEY": "secret",
		"DATABASE_URL":          "postgres://secret",
		"LD_PRELOAD":            "",
		"GOFLAGS":               "-secret",
		"LC_CTYPE":              "C",
		"https_proxy":           "http://proxy.example",
	} {
		t.Setenv(name, value)
	}
	fakeCompiler(t, `env; exit 1`)
	tc := newToolchain(t, toolchain.Config{})
	_, err := tc.Build(t.Context(), project(t, "a.c", ""))
	var failed *toolchain.BuildError
	if !errors.As(err, &failed) {
		t.Fatalf("error %v", err)
	}
	contains(t, failed.Output, "PATH=", "HOME=", "LC_CTYPE=C", "https_proxy=http://proxy.example")
	for _, unwanted := range []string{"secret", "EDGE_GATEWAY_", "AWS_", "LD_PRELOAD"} {
		if strings.Contains(failed.Output, unwanted) {
			t.Errorf("the compiler sees %s: %s", unwanted, failed.Output)
		}
	}
}
