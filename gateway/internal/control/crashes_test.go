package control

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/crash"
)

// What is logged blames native code only where some was at work.
func TestACrashIsLoggedAsWhatIsKnownOfIt(t *testing.T) {
	var logged bytes.Buffer
	b := open(t, "", func(o *Options) {
		o.Log = slog.New(slog.NewTextHandler(io.MultiWriter(&logged, t.Output()), &slog.HandlerOptions{Level: slog.LevelError}))
	})
	lost := death("a", "1")
	lost.Endpoint, lost.Version, lost.Lost = "a", "1", 3
	b.Crashed(crash.Death{At: time.Now(), Status: "signal: killed"})
	b.Crashed(death("a", "1"))
	b.Crashed(lost)
	b.stop()
	lines := strings.Split(logged.String(), "\n")
	for n, want := range []string{
		`msg="the worker process ended, and nobody is known to have done it"`,
		`msg="the worker was ended by native code"`,
		`msg="the process of an isolated endpoint was ended by its handler"`,
	} {
		if !strings.Contains(lines[n], want) {
			t.Errorf("%q is not %q", lines[n], want)
		}
	}
	if !strings.Contains(lines[2], " others_lost=2 ") {
		t.Errorf("%q", lines[2])
	}
}
