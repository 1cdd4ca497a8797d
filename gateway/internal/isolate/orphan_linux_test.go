package isolate_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// parent tells a process of these tests to serve an isolated endpoint, in a
// folder and of a library, and to be killed.
const parent = "EDGE_GATEWAY_TEST_ISOLATE_PARENT"

func beParent() {
	dir, library, _ := strings.Cut(os.Getenv(parent), " ")
	g, err := gateway.New(gateway.Options{Dir: dir, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err == nil {
		open := isolated("open", library)
		open.Process.Open = true
		err = g.Apply(context.Background(), gateway.Snapshot{Endpoints: []gateway.Endpoint{isolated("closed", library), open}})
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for _, e := range g.Report().Endpoints {
		fmt.Println(e.Versions[0].Process.Pid)
	}
	fmt.Println()
	select {}
}

// Even one whose handler has closed everything, and no signal but the kernel's
// gets there.
func TestNoProcessOutlivesItsGateway(t *testing.T) {
	library := build(t, strings.Replace(faultyInC, "EG_ENTRY(answer);", `EG_ENTRY(answer);
static int32_t begin(const eg_host *host, const eg_init *init, void **self) {
  for (int n = 1; n < 65; n++) if (n != SIGSEGV && n != SIGURG) signal(n, SIG_IGN);
  return EG_OK;
}
EG_INIT(begin);`, 1))
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), parent+"="+t.TempDir()+" "+library)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pids []int
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != ""; {
		pid, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatal(lines.Text())
		}
		pids = append(pids, pid)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if len(pids) != 2 {
		t.Fatal(pids)
	}
	for _, pid := range pids {
		within(t, 5*time.Second, "it has ended", func() bool { return ended(pid) })
	}
}

// ended tells whether nothing of a process runs any more.
func ended(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}
