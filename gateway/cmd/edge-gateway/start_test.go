//go:build unix

package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestListenFlagGoesOverEnvironmentWhichGoesOverFile(t *testing.T) {
	if ln, err := net.Listen("tcp", "127.0.0.2:0"); err != nil {
		t.Skip("the system has one loopback address only: ", err)
	} else {
		ln.Close()
	}
	_, config := project(t)
	good, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, config, "[server]\nlisten = \"127.0.0.2:0\"\n"+string(good))
	env := []string{"EDGE_GATEWAY_LISTEN=127.0.0.3:0"}
	for _, test := range []struct {
		env  []string
		args []string
		host string
	}{
		{env, []string{"--listen", "127.0.0.4:0"}, "127.0.0.4:"},
		{env, nil, "127.0.0.3:"},
		{nil, nil, "127.0.0.2:"},
	} {
		p := start(t, test.env, append([]string{"serve", "--config", config}, test.args...)...)
		p.waitUntilServing(t)
		if !strings.HasPrefix(p.address, test.host) {
			t.Errorf("with %v %v it serves on %s", test.env, test.args, p.address)
		}
		if status, body := p.ask(t, "GET", "/", ""); status != 200 || body != "first" {
			t.Errorf("%d %q", status, body)
		}
		p.stop(t)
	}
}

func TestWatchAndAccessLogHaveTwinsInTheEnvironment(t *testing.T) {
	_, config := project(t)
	for _, test := range []struct {
		env           []string
		args          []string
		watch, access bool
	}{
		{nil, nil, false, true},
		{[]string{"EDGE_GATEWAY_WATCH=true", "EDGE_GATEWAY_ACCESS_LOG=false"}, nil, true, false},
		{[]string{"EDGE_GATEWAY_ACCESS_LOG=false"}, []string{"--access-log", "--watch"}, true, true},
		{[]string{"EDGE_GATEWAY_ACCESS_LOG=true"}, []string{"--no-access-log"}, false, false},
	} {
		p := serve(t, test.env, append([]string{"--config", config}, test.args...)...)
		p.ask(t, "GET", "/", "")
		p.stop(t) // what is logged is written by then
		if got := strings.Contains(p.output(), "  curl -X"); got != test.watch {
			t.Errorf("%v %v: watching is %v", test.env, test.args, got)
		}
		if got := strings.Contains(p.output(), `"msg":"request"`); got != test.access {
			t.Errorf("%v %v: the access log is %v", test.env, test.args, got)
		}
	}
}

func TestMistakesAreFoundBeforeAnythingIsBound(t *testing.T) {
	dir, config := project(t)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	write(t, config, "[server]\nlistn = \"x\"\n")
	data := filepath.Join(dir, "d")
	out := fails(t, "serve", "--config", config, "--listen", busy.Addr().String(), "--data", data)
	if strings.Contains(out, "in use") {
		t.Errorf("it has tried to listen:\n%s", out)
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("the data directory was made")
	}
}

// The program alone, in a folder of its own, with no modules or crates cached
// and no network, is enough to build a handler in each language.
func TestBareProgramBuildsOffline(t *testing.T) {
	dir := t.TempDir()
	content, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	bare := write(t, filepath.Join(dir, "edge-gateway"), string(content))
	if err := os.Chmod(bare, 0o700); err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(dir, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "GOPROXY=off", "HTTPS_PROXY=http://127.0.0.1:9", "HTTP_PROXY=http://127.0.0.1:9"}
	for language, needs := range map[string]string{"c": "cc", "rust": "cargo", "go": "go"} {
		t.Run(language, func(t *testing.T) {
			if _, err := exec.LookPath(needs); err != nil {
				if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" {
					t.Fatal(err)
				}
				t.Skip(err)
			}
			library := language + ".so"
			for _, args := range [][]string{{"new", language, language}, {"build", language, "-o", library}, {"inspect", library}} {
				command := exec.Command(bare, args...)
				command.Dir = dir
				command.Env = append(env, compilersOwn(t)...)
				out, err := command.CombinedOutput()
				if err != nil {
					t.Fatalf("%v: %v\n%s", args, err, out)
				}
				if args[0] == "inspect" && !strings.Contains(string(out), "loads     yes") {
					t.Errorf("%s", out)
				}
			}
		})
	}
}

// compilersOwn says where the compilers are that lie in a home, and Go's
// standard library, compiled: all of it is theirs, and no cache of modules.
func compilersOwn(t *testing.T) []string {
	t.Helper()
	rustup := os.Getenv("RUSTUP_HOME")
	if home, err := os.UserHomeDir(); rustup == "" && err == nil {
		rustup = filepath.Join(home, ".rustup")
	}
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	return []string{"RUSTUP_HOME=" + rustup, "GOCACHE=" + strings.TrimSpace(string(cache))}
}

func TestAStandbyInASingleProcessIsRefused(t *testing.T) {
	if out := endsWith(t, 2, "serve", "--standby", "--single-process"); !strings.Contains(out, "choose one of them") {
		t.Errorf("%s", out)
	}
}
