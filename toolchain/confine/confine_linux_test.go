package confine

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// parent tells a child of these tests to run a program for ever, and to be
// killed while it does.
const parent = "EDGE_GATEWAY_TEST_CONFINE_PARENT"

func TestMain(m *testing.M) {
	Main()
	if os.Getenv(parent) != "" {
		cmd := exec.Command("/bin/sh", "-c", leftovers+"echo started; sleep 300")
		cmd.Stdout = os.Stdout
		p, err := Prepare(cmd, policy)
		if err == nil {
			err = cmd.Start()
		}
		if err == nil {
			p.Started()
			err = cmd.Wait()
		}
		fmt.Println("not killed:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

var policy = Policy{
	Read:  []string{"/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/proc"},
	Write: []string{"/dev/null"},
}

// leftovers starts an orphan in a session of its own, which holds the output.
const leftovers = "setsid sh -c 'setsid sleep 300 & sleep 300 &' & "

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// everyway runs a test with namespaces, if there are any, and without.
func everyway(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	old := namespacesWork
	defer func() { namespacesWork = old }()
	hooked = true
	t.Run("namespaces", func(t *testing.T) {
		if !old() {
			if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" && os.Getuid() == 0 {
				t.Fatal("namespaces cannot be made here")
			}
			t.Skip("namespaces cannot be made here")
		}
		test(t)
	})
	namespacesWork = func() bool { return false }
	t.Run("no namespaces", test)
}

// run runs a shell script confined, until it and all that holds its output have
// ended.
func run(t *testing.T, p Policy, script string) (output string, isolation []string, err error) {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", script)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "GREETING=hello"}
	cmd.Dir = "/usr"
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	c, err := Prepare(cmd, p)
	must(t, err)
	// As a library does that knows nothing of others: open, and not closed for
	// programs that are started.
	leak, err := syscall.Open(os.DevNull, syscall.O_RDONLY, 0)
	must(t, err)
	defer syscall.Close(leak)
	must(t, cmd.Start())
	c.Started()
	late := time.AfterFunc(20*time.Second, func() {
		t.Error("it took too long")
		_ = c.Kill()
	})
	defer late.Stop()
	err = cmd.Wait()
	isolation, passed := c.Close()
	if passed != nil {
		err = passed
	}
	return text.String(), isolation, err
}

func TestProgramRunsAsIfStartedDirectly(t *testing.T) {
	everyway(t, func(t *testing.T) {
		output, isolation, err := run(t, policy, `echo "$GREETING from $(pwd)"; env | grep EDGE_GATEWAY; ls /proc/self/fd | wc -l; exit 7`)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 7 {
			t.Errorf("error %v", err)
		}
		// Descriptors: 0, 1, 2 and the folder's.
		if output != "hello from /usr\n4\n" {
			t.Errorf("output %q", output)
		}
		for _, word := range []string{"rlimits", "no-new-privileges", "watchdog"} {
			if !slices.Contains(isolation, word) {
				t.Errorf("no %s in %v", word, isolation)
			}
		}
		_, _, err = run(t, policy, `kill -TERM $$`)
		if !errors.As(err, &exit) || exit.ExitCode() != exitSignalled+int(syscall.SIGTERM) {
			t.Errorf("ended by a signal: %v", err)
		}
	})
}

func TestProgramThatIsNotThereIsNamed(t *testing.T) {
	everyway(t, func(t *testing.T) {
		cmd := exec.Command("/usr/no-such-program")
		var text bytes.Buffer
		cmd.Stderr = &text
		c, err := Prepare(cmd, policy)
		must(t, err)
		must(t, cmd.Start())
		c.Started()
		if err := cmd.Wait(); err == nil || !strings.Contains(text.String(), "/usr/no-such-program") {
			t.Errorf("%v, %q", err, text.String())
		}
		c.Close()
	})
}

// run waits until nobody holds the output any more.
func TestWhatIsLeftBehindEndsWithTheProgram(t *testing.T) {
	everyway(t, func(t *testing.T) {
		start := time.Now()
		if output, _, err := run(t, policy, leftovers+"echo done"); err != nil || output != "done\n" {
			t.Errorf("%q, %v", output, err)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestLimitsEndAllThatWasStarted(t *testing.T) {
	everyway(t, func(t *testing.T) {
		p := policy
		p.Limits.Processes = 20
		_, _, err := run(t, p, `i=0; while [ $i -lt 40 ]; do setsid sleep 300 & i=$((i+1)); done; wait`)
		var limit *LimitError
		if !errors.As(err, &limit) || limit.Limit != "Processes" {
			t.Errorf("error %v", err)
		}
		p = policy
		p.Limits.CPU = 300 * time.Millisecond
		_, _, err = run(t, p, `while :; do :; done`)
		if !errors.As(err, &limit) || limit.Limit != "CPU" {
			t.Errorf("error %v", err)
		}
	})
}

func TestKillEndsAllThatWasStarted(t *testing.T) {
	everyway(t, func(t *testing.T) {
		cmd := exec.Command("/bin/sh", "-c", leftovers+"echo started; sleep 300")
		out, err := cmd.StdoutPipe()
		must(t, err)
		c, err := Prepare(cmd, policy)
		must(t, err)
		must(t, cmd.Start())
		c.Started()
		if _, err := io.ReadFull(out, make([]byte, len("started\n"))); err != nil {
			t.Error(err)
		}
		must(t, c.Kill())
		if _, err := io.ReadAll(out); err != nil { // until nobody can write
			t.Error(err)
		}
		_ = cmd.Wait()
		c.Close()
	})
}

// As when the gateway is killed while it builds.
func TestProgramEndsWithItsParent(t *testing.T) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), parent+"=1")
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	line := make([]byte, len("started\n"))
	if _, err := io.ReadFull(out, line); err != nil || string(line) != "started\n" {
		t.Errorf("%q, %v", line, err)
	}
	must(t, cmd.Process.Kill())
	if rest, err := io.ReadAll(out); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v", rest, err)
	}
	_ = cmd.Wait()
}

// The parent of the program is not confined, and must be out of its reach.
func TestProgramCannotEndItsParent(t *testing.T) {
	everyway(t, func(t *testing.T) {
		output, isolation, err := run(t, policy, fmt.Sprintf(
			`kill -KILL $PPID && echo killed; kill -0 %d && echo reached; cat /proc/$PPID/environ >/dev/null && echo read; echo alive`, os.Getpid()))
		if !slices.Contains(isolation, "landlock") && !slices.Contains(isolation, "namespaces") {
			t.Skip("neither landlock nor namespaces")
		}
		for _, unwanted := range []string{"reached", "read\n"} {
			if strings.Contains(output, unwanted) {
				t.Errorf("output %q", output)
			}
		}
		if err != nil || !strings.HasSuffix(output, "alive\n") {
			t.Errorf("output %q, error %v", output, err)
		}
	})
}

func TestHiddenFolderShowsOnlyWhatIsNamed(t *testing.T) {
	everyway(t, func(t *testing.T) {
		data := t.TempDir()
		for _, dir := range []string{"build/mine", "build/other", "read"} {
			must(t, os.MkdirAll(filepath.Join(data, dir), 0o755))
			must(t, os.WriteFile(filepath.Join(data, dir, "file"), []byte(dir+"\n"), 0o600))
		}
		must(t, os.WriteFile(filepath.Join(data, "secret.key"), []byte("secret\n"), 0o600))
		p := policy
		p.Hide = []string{data}
		p.Read = append(slices.Clone(p.Read), filepath.Join(data, "read"))
		p.Write = append(slices.Clone(p.Write), filepath.Join(data, "build/mine"))
		output, isolation, err := run(t, p, `cd `+data+`
cat secret.key build/other/file
cat read/file build/mine/file
echo new > build/mine/new && cat build/mine/new
echo new > read/file && echo wrote
echo new > new && echo wrote
true`)
		must(t, err)
		if !slices.Contains(isolation, "landlock") {
			t.Skip("no landlock")
		}
		if strings.Contains(output, "secret\n") || strings.Contains(output, "build/other\n") || strings.Contains(output, "wrote") {
			t.Errorf("output %q", output)
		}
		if !strings.Contains(output, "read\nbuild/mine\nnew\n") {
			t.Errorf("output %q", output)
		}
	})
}

// All of the above again as a user who is not root.
func TestConfinedByAnotherUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may become another user")
	}
	dir, err := os.MkdirTemp("", "confine-")
	must(t, err)
	defer os.RemoveAll(dir)
	must(t, os.Chmod(dir, 0o777))
	self, err := os.ReadFile("/proc/self/exe")
	must(t, err)
	program := filepath.Join(dir, "test")
	must(t, os.WriteFile(program, self, 0o755))
	must(t, os.Chmod(program, 0o755))
	cmd := exec.Command(program, "-test.run", "^Test(Program|What|Limits|Kill|Hidden)", "-test.v")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, output)
	} else {
		t.Logf("%s", output)
	}
}
