package main

import (
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
)

// What an SDK can catch is a 500, its text is in the log and not in the answer,
// and nobody else notices.
func TestPanicsThatCanBeCaughtAreAnswered(t *testing.T) {
	for _, test := range []struct {
		library, panics string
		secrets         int // of these, how many have a text of their own
		lives           string
	}{
		{"rust", "panic drop resume payload divide thread/payload", 4, "thread/panic thread/drop thread/divide"},
		{"go", "panic error deferred again nil map divide", 4, "thread/goexit"},
		{"cpp", "throw destructor number", 2, ""},
	} {
		library := faulty(t, test.library)
		for _, mode := range modes {
			t.Run(mode+"/"+test.library, func(t *testing.T) {
				t.Parallel()
				g := newGround(t, library, mode)
				stop := g.others(t)
				c := g.connect(t, "")
				for _, path := range strings.Fields(test.panics) {
					r, err := c.Do(get("/f/" + path))
					if err != nil || r.Status != 500 || strings.Contains(string(r.Body), "secret") {
						t.Fatalf("%s: %v, %v", path, r, err)
					}
				}
				within(t, 10*time.Second, "their texts are in the log", func() bool { return strings.Count(g.output(), "a secret of") == test.secrets })
				for _, path := range strings.Fields(test.lives) {
					if err := rawclient.WantStatus(200)(must(c.Do(get("/f/" + path)))); err != nil {
						t.Errorf("%s: %v", path, err)
					}
				}
				if r := stop(); r.Failed != 0 || r.Refused != 0 {
					t.Error("others:", r)
				}
				if crashes := crashesOf(t, g.data); len(crashes) != 0 {
					t.Errorf("%+v", crashes)
				}
				g.end(t)
			})
		}
	}
}

func must(r *rawclient.Response, err error) *rawclient.Response {
	if err != nil {
		return &rawclient.Response{}
	}
	return r
}

// What none can catch ends the process, and is treated as any crash.
var uncaught = []ending{
	{library: "rust", path: "twice", what: "SIGABRT: abort (thread "},
	{library: "rust", path: "foreign", what: "SIGABRT: abort (thread "},
	{library: "rust", path: "thread/twice", what: "aborted, on a thread of a handler (thread "},
	{library: "rust", path: "thread/foreign", what: "aborted, on a thread of a handler (thread "},
	{library: "go", path: "thread/panic", what: "aborted, on a thread of a handler (panic: a secret of Go"},
	{library: "go", path: "thread/nil", what: "aborted, on a thread of a handler (panic: runtime error: invalid memory address"},
	{library: "go", path: "thread/deferred", what: "aborted, on a thread of a handler (panic: a secret of Go"},
	{library: "go", path: "goexit", what: "SIGABRT: abort"},
	{library: "go", path: "fatal", what: "exit status 1, without a word", unsure: true},
	{library: "go", path: "thread/fatal", what: "exit status 1, without a word", unsure: true},
	{library: "cpp", path: "twice", what: "SIGABRT: abort (terminate called "},
	{library: "cpp", path: "noexcept", what: "SIGABRT: abort (terminate called "},
	{library: "cpp", path: "thread/throw", what: "aborted, on a thread of a handler (terminate called "},
	{library: "cpp", path: "thread/destructor", what: "aborted, on a thread of a handler (terminate called "},
}

func TestPanicsThatCannotBeCaughtAreCrashesOfTheWorker(t *testing.T) {
	endIn(t, "worker", uncaught)
}

func TestPanicsThatCannotBeCaughtAreCrashesOfTheirProcess(t *testing.T) {
	endIn(t, "isolated", uncaught)
}
