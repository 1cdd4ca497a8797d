package worker

import (
	"os/exec"
	"testing"
)

// A process that nobody has waited for yet is one that the system still has.
func TestHowAProcessEndsIsToldAsWhenItHasEnded(t *testing.T) {
	for _, script := range []string{"exit 0", "exit 3", "kill -SEGV $$", "kill -KILL $$"} {
		cmd := exec.Command("sh", "-c", "ulimit -c 0; read go; "+script)
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if how, known, ends := exiting(cmd.Process.Pid); ends || !known {
			t.Errorf("%s: it ends with %v, and runs", script, how)
		}
		_ = stdin.Close()
		var text string
		for ok := false; !ok; {
			how, _, over := exiting(cmd.Process.Pid)
			text, ok = statusText(how), over
		}
		_ = cmd.Wait()
		if want := cmd.ProcessState.String(); text != want {
			t.Errorf("%s: %q, want %q", script, text, want)
		}
	}
	if _, known, ends := exiting(1 << 30); known || ends {
		t.Error("one that is not there ends")
	}
}
