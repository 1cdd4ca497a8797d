package main

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal opens a pseudo-terminal: what a program writes to it is read from
// screen.
func terminal(t *testing.T) (screen, program *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" {
			t.Fatal(err)
		}
		t.Skip("no pseudo-terminal here: ", err)
	}
	t.Cleanup(func() { screen.Close() })
	if err := unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	return screen, program
}

// The other tests read JSON from a pipe.
func TestTheLogIsTextOnATerminal(t *testing.T) {
	_, config := project(t)
	screen, program := terminal(t)
	command := exec.Command(binary, "serve", "--config", config, "--listen", "127.0.0.1:0")
	command.Stderr = program
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	program.Close()
	t.Cleanup(func() { _ = command.Process.Kill() })
	lines := make(chan string)
	go func() {
		defer close(lines) // the program has ended
		for scanner := bufio.NewScanner(screen); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	var seen []string
	until := func(what string) (line string) {
		t.Helper()
		for patience := time.After(time.Minute); ; {
			select {
			case line, more := <-lines:
				if !more {
					t.Fatalf("it ended without %q:\n%s", what, strings.Join(seen, "\n"))
				}
				if seen = append(seen, line); strings.Contains(line, what) {
					return line
				}
			case <-patience:
				t.Fatalf("never: %q\n%s", what, strings.Join(seen, "\n"))
			}
		}
	}
	_, address, _ := strings.Cut(until("msg=serving"), "address=http://")
	p := &process{address: strings.Fields(address)[0]}
	if status, _ := p.ask(t, "GET", "/", ""); status != 200 {
		t.Errorf("%d", status)
	}
	if line := until("msg=request"); !strings.Contains(line, "level=INFO") || !strings.Contains(line, "status=200") || !strings.Contains(line, "endpoint=hello") {
		t.Errorf("the access log has %q", line)
	}
	http.DefaultClient.CloseIdleConnections()
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for line := range lines {
		seen = append(seen, line)
	}
	if err := command.Wait(); err != nil {
		t.Error(err)
	}
	if strings.Contains(strings.Join(seen, "\n"), `{"`) {
		t.Errorf("there is JSON among it:\n%s", strings.Join(seen, "\n"))
	}
}
