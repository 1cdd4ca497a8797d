//go:build linux

package crash

import (
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
)

// Real handlers end real processes, in every way that is promised, while a
// request waits in the handler of a bystander.
func TestTheGuiltyIsNamed(t *testing.T) {
	for _, test := range []struct{ fault, what, threadWhat, where string }{
		{"segv", "SIGSEGV: segmentation violation at address 0x10", "segmentation fault at address 0x10, on a thread of a handler", "fault_segv+0x"},
		{"fpe", "SIGFPE: floating-point exception", "floating point exception, on a thread of a handler", "fault_fpe+0x"},
		{"ill", "SIGILL: illegal instruction", "illegal instruction, on a thread of a handler", "fault_ill+0x"},
		{"abort", "SIGABRT: abort", "aborted, on a thread of a handler", "fault_abort+0x"},
		{"free", "SIGABRT: abort", "aborted, on a thread of a handler", "fault_free+0x"},
		{"exit", "exit(0) was called", "exit(0) was called", "fault_exit+0x"},
		{"stack", "SIGSEGV: segmentation violation at address ", "", "fault_stack+0x"},
	} {
		for _, thread := range []bool{false, true} {
			path, what := "/"+test.fault, test.what
			if thread {
				path, what = "/thread/"+test.fault, test.threadWhat
			}
			t.Run(path[1:], func(t *testing.T) {
				death := crashed(t, path)
				c := Examine(death, func(version string) (string, bool) {
					library, err := faultsLibrary()
					return library, err == nil
				})
				t.Logf("%s\n%s%s", death.Status, c, strings.Join(c.Frames, "\n"))
				if thread && test.fault == "stack" {
					// There is no stack on which anything could note it.
					if c.Endpoint != "" || len(c.Suspects) != 2 || c.What != "signal: segmentation fault, without a word" {
						t.Fatalf("%+v", c)
					}
					return
				}
				if c.Endpoint != "guilty" || c.Version != versionOf("guilty") || !strings.HasPrefix(c.What, what) || !strings.HasPrefix(c.Where, test.where) {
					t.Errorf("%+v", c)
				}
				if r := c.Request; c.State != "entry" || r == nil || r.Path != path || r.ID != "id-dies" || r.Method != "GET" || c.Lost != 1 {
					t.Errorf("%+v, request %+v", c, r)
				}
				if test.fault != "exit" && len(c.Registers) < 17 {
					t.Errorf("registers: %q", c.Registers)
				}
				if death.Output != nil && len(death.Output) > 0 && !Enough(death.Output) {
					t.Error("the output is not enough")
				}
			})
		}
	}
}

// The process of an isolated endpoint has one author, whatever is left of it.
func TestAnIsolatedProcessHasOneAuthor(t *testing.T) {
	for _, test := range []struct {
		path, where string
		hung, empty bool // empty: nothing was recorded
		lost, want  int
		what        string
	}{
		{path: "/segv", where: "fault_segv+0x", lost: 3, want: 2, what: "SIGSEGV: segmentation violation at address 0x10"},
		{path: "/thread/stack", lost: 3, want: 2, what: "signal: segmentation fault, without a word"},
		{path: "/segv", hung: true, lost: 1, want: 0, where: "fault_segv+0x", what: "calls did not return"},
		{path: "/exit", empty: true, lost: 2, want: 2, what: "exit status 0, without a word"},
	} {
		death := crashed(t, test.path)
		if test.empty {
			death.Recorded, death.Output = abi.Recorded{}, nil
		}
		death.Endpoint, death.Version, death.Hung, death.Lost = "guilty", versionOf("guilty"), test.hung, test.lost
		c := Examine(death, func(string) (string, bool) {
			library, err := faultsLibrary()
			return library, err == nil
		})
		if !c.Isolated || c.Hung != test.hung || c.Endpoint != "guilty" || c.Version != versionOf("guilty") || c.Evidence != "process" || len(c.Suspects) != 0 ||
			c.What != test.what || c.Lost != test.want || !strings.HasPrefix(c.Where, test.where) || (c.Request == nil) != test.empty {
			t.Errorf("%s: %+v, request %+v", test.path, c, c.Request)
		}
		if c.Outside {
			t.Errorf("%s: %+v", test.path, c)
		}
		said := c.String()
		if want := "ended its own process: "; !test.hung && !strings.Contains(said, want) {
			t.Errorf("%q", said)
		}
		if want := `the process of endpoint "guilty"`; test.hung && !strings.Contains(said, want) {
			t.Errorf("%q", said)
		}
	}
}

func TestAnIsolatedProcessThatWasKilledFromOutsideIsNotItsHandlersDoing(t *testing.T) {
	death := Death{At: time.Now(), Status: "signal: killed", Endpoint: "a", Version: versionOf("a"), Outside: true, Lost: 2}
	c := Examine(death, func(string) (string, bool) { return "", false })
	if !c.Isolated || !c.Outside || c.Endpoint != "a" || c.Lost != 2 || c.What != "somebody killed it (signal: killed)" {
		t.Errorf("%+v", c)
	}
	if said := c.String(); !strings.HasPrefix(said, `the process of endpoint "a"`) || !strings.Contains(said, "was killed") {
		t.Errorf("%q", said)
	}
}
