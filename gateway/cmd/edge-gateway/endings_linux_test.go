package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// ending is a way in which a handler ends its process.
type ending struct {
	library, path string
	what, where   string // in the report, from its beginning
	unsure        bool   // in the worker, all that had work under way are suspects, at first
}

var handlerEndings = []ending{
	{library: "c", path: "segv", what: "SIGSEGV: segmentation violation at address 0x10", where: "fault_segv+0x"},
	{library: "c", path: "fpe", what: "SIGFPE", where: "fault_fpe+0x"},
	{library: "c", path: "ill", what: "SIGILL", where: "fault_ill+0x"},
	{library: "c", path: "abort", what: "SIGABRT", where: "fault_abort+0x"},
	{library: "c", path: "stack", what: "SIGSEGV", where: "fault_stack+0x"},
	{library: "c", path: "free", what: "SIGABRT: abort (free(): double free", where: "fault_free+0x"},
	{library: "c", path: "exit", what: "exit(0) was called", where: "fault_exit+0x"},
	{library: "c", path: "thread/segv", what: "segmentation fault at address 0x10, on a thread of a handler", where: "fault_segv+0x"},
	{library: "c", path: "thread/fpe", what: "floating point exception, on a thread", where: "fault_fpe+0x"},
	{library: "c", path: "thread/ill", what: "illegal instruction, on a thread", where: "fault_ill+0x"},
	{library: "c", path: "thread/abort", what: "aborted, on a thread", where: "fault_abort+0x"},
	{library: "c", path: "thread/stack", what: "signal: segmentation fault, without a word", unsure: true},
	{library: "c", path: "thread/free", what: "aborted, on a thread", where: "fault_free+0x"},
	{library: "c", path: "thread/exit", what: "exit(0) was called", where: "fault_exit+0x"},

	{library: "rust", path: "segv", what: "SIGSEGV: segmentation violation at address 0x10", where: "fault_segv+0x"},
	{library: "rust", path: "abort", what: "SIGABRT"},
	{library: "rust", path: "stack", what: "SIGSEGV", where: "fault_stack+0x"},
	{library: "rust", path: "exit", what: "exit(3) was called"},
	{library: "rust", path: "thread/fpe", what: "floating point exception, on a thread", where: "fault_fpe+0x"},
	{library: "rust", path: "thread/ill", what: "illegal instruction, on a thread", where: "fault_ill+0x"},
	{library: "rust", path: "thread/free", what: "aborted, on a thread"},
	{library: "rust", path: "thread/stack", what: "signal: segmentation fault, without a word", unsure: true},

	{library: "go", path: "segv", what: "SIGABRT: abort (fatal error: fault)"},
	{library: "go", path: "thread/stack", what: "aborted, on a thread of a handler (fatal error: stack overflow)"},
	{library: "go", path: "exit", what: "exit status 3, without a word", unsure: true},
	{library: "go", path: "thread/exit", what: "exit status 3, without a word", unsure: true},
}

// Every way in which a handler can end its process costs what is in flight
// there and nothing else: no connection is refused, others are served at once,
// the report names endpoint and version, and the third time is the last.
func TestAHandlerThatEndsTheWorkerIsBlamedAndQuarantined(t *testing.T) {
	endIn(t, "worker", handlerEndings)
}

func TestAHandlerThatEndsItsOwnProcessIsBlamedAndQuarantined(t *testing.T) {
	endIn(t, "isolated", handlerEndings)
}

func endIn(t *testing.T, mode string, endings []ending) {
	for _, e := range endings {
		faulty(t, e.library) // before the clock of any runs
	}
	for _, e := range endings {
		if mode == "isolated" && e.library != "c" && !e.unsure && os.Getenv("EDGE_GATEWAY_TEST_LONG") != "1" {
			continue // there the languages do not differ
		}
		t.Run(e.library+"/"+e.path, func(t *testing.T) {
			t.Parallel()
			g := newGround(t, faulty(t, e.library), mode)
			for n, c := range g.thirdIsTheLast(t, "/f/"+e.path, e.unsure && mode == "worker") {
				t.Logf("%s%s", c, strings.Join(c.Frames, "\n"))
				if !strings.HasPrefix(c.What, e.what) && !(e.unsure && c.Endpoint == "guilty") {
					t.Errorf("crash %d: %q, want %q", n+1, c.What, e.what)
				}
				switch {
				case e.unsure && c.Endpoint == "":
					if c.Isolated || len(c.Suspects) != 2 || !slices.Contains(c.Suspects, model.CrashSuspect{Endpoint: "guilty", Version: g.version}) {
						t.Errorf("crash %d: blames %q, suspects %v", n+1, c.Endpoint, c.Suspects)
					}
				case c.Endpoint != "guilty" || c.Version != g.version || !strings.HasPrefix(c.Where, e.where):
					t.Errorf("crash %d: %+v", n+1, c)
				case !c.Isolated && (c.State != "entry" || c.Request == nil || c.Request.Path != "/f/"+e.path):
					t.Errorf("crash %d: %+v, request %+v", n+1, c, c.Request)
				}
			}
			g.end(t)
		})
	}
}

// With 10,000 requests waiting, the runtime that ends would tell of each.
func TestServiceIsSoonBackWithTenThousandRequestsWaiting(t *testing.T) {
	const waiting, aim = 10_000, 300 * time.Millisecond
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < waiting+500 {
		lacks(t, "the limit on descriptors is %d, %d are needed", limit.Cur, waiting+500)
	}
	for _, mode := range modes {
		t.Run(mode, func(t *testing.T) {
			g := newGround(t, faulty(t, "c"), mode)
			for n := range waiting {
				g.connect(t, fmt.Sprintf("/other/%d?a-minute", n%18))
			}
			within(t, 30*time.Second, "all wait", func() bool { return g.inFlight(t) == waiting })
			r, err := g.connect(t, "").Do(get("/f/segv"))
			began := time.Now()
			if g.isolated != (err == nil) || g.isolated && r.Status != 502 {
				t.Errorf("the crash: %v, %v", r, err)
			}
			answer, refused := send(g.address, "/other/0")
			took := time.Since(began)
			t.Logf("others are served after %v", took.Round(time.Millisecond))
			if refused || answer == nil || answer.StatusCode != 200 || took > 5*aim {
				t.Errorf("after %v: refused %v, %v", took, refused, answer)
			}
			c := crashesOf(t, g.data)[0]
			if c.Endpoint != "guilty" || c.Version != g.version || c.Lost != map[bool]int{true: 0, false: waiting}[g.isolated] {
				t.Errorf("%+v", c)
			}
			if g.isolated && g.inFlight(t) != waiting {
				t.Errorf("%d of %d still wait", g.inFlight(t), waiting)
			}
			g.signal(t, syscall.SIGTERM)
			g.waitFor(t, `"msg":"shutting down"`)
			g.signal(t, syscall.SIGTERM) // what waits is given up
			<-g.exited
		})
	}
}
