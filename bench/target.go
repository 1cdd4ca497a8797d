package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const native = "native"

// target is one thing to measure: a path on a server.
type target struct {
	name    string
	path    string
	want    string // the body of its answer
	server  *server
	samples []sample
}

// server is a process under measurement.
type server struct {
	cmd     *exec.Cmd
	address string
	pids    []int // whose CPU counts: the process, and children of its own
}

const gatewayConfig = `[server]
data = %q
[[endpoint]]
name = "c-static"
path = "/static"
source = %q
[[endpoint]]
name = "c"
path = "/c/{name}"
source = %q
[[endpoint]]
name = "rust"
path = "/rust/{name}"
source = %q
[[endpoint]]
name = "go"
path = "/go/{name}"
source = %q
[[endpoint]]
name = "spin"
path = "/spin/{seconds}"
source = %q
timeout = "100ms"
`

// startTargets builds the gateway and starts every server. It is run from the
// root of the repository.
func startTargets() (targets []*target, stop func(), err error) {
	dir, err := os.MkdirTemp("", "edge-gateway-bench-*")
	if err != nil {
		return nil, nil, err
	}
	var servers []*server
	cleanUp := func() {
		for _, s := range servers {
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
		}
		_ = os.RemoveAll(dir)
	}
	defer func() {
		if err != nil {
			cleanUp()
		}
	}()
	launch := func(program string, args ...string) (*server, error) {
		s, err := launch(program, args...)
		if err == nil {
			servers = append(servers, s)
		}
		return s, err
	}
	binary := filepath.Join(dir, "edge-gateway")
	build := exec.Command("go", "build", "-trimpath", "-o", binary, "github.com/edge-gateway/edge-gateway/gateway/cmd/edge-gateway")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, nil, fmt.Errorf("build the gateway: %w\n%s", err, out)
	}
	root, err := moduleRoot()
	if err != nil {
		return nil, nil, err
	}
	in := func(path string) string { return filepath.Join(root, path) }
	config := filepath.Join(dir, "edge-gateway.toml")
	text := fmt.Sprintf(gatewayConfig, filepath.Join(dir, "data"), in("bench/handlers/static"),
		in("sdk-c/examples/hello"), in("sdk-rust/examples/hello"), in("sdk-go/examples/hello"),
		in("bench/handlers/spin"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	plain, err := launch(self, roleNative)
	if err != nil {
		return nil, nil, err
	}
	gateway, err := launch(binary, "serve", "--config", config, "--listen", "127.0.0.1:0", "--no-access-log")
	if err != nil {
		return nil, nil, err
	}
	v1, err := launch(self, roleV1)
	if err != nil {
		return nil, nil, err
	}
	if v1.pids, err = withChildren(v1.cmd.Process.Pid); err != nil {
		return nil, nil, err
	}
	const hello = "Hello, world!"
	return []*target{
		{name: native, path: "/", want: hello, server: plain},
		{name: "c-static", path: "/static", want: hello, server: gateway},
		{name: "c", path: "/c/world", want: hello, server: gateway},
		{name: "rust", path: "/rust/world", want: hello, server: gateway},
		{name: "go", path: "/go/world", want: hello, server: gateway},
		{name: "v1", path: "/", want: hello, server: v1},
	}, cleanUp, nil
}

func moduleRoot() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w; run bench inside it", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// launch starts a server and learns its address from what it prints.
func launch(program string, args ...string) (*server, error) {
	s := &server{cmd: exec.Command(program, args...)}
	out, err := s.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	s.pids = []int{s.cmd.Process.Pid}
	found := make(chan string, 1)
	go func() {
		var all strings.Builder
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			all.WriteString(lines.Text() + "\n")
			if _, rest, ok := strings.Cut(lines.Text(), "http://"); ok {
				address, _, _ := strings.Cut(rest, `"`)
				select {
				case found <- strings.TrimSpace(address):
				default:
				}
			}
		}
		select {
		case found <- "":
			fmt.Fprint(os.Stderr, all.String())
		default:
		}
	}()
	select {
	case s.address = <-found:
	case <-time.After(3 * time.Minute):
	}
	if s.address == "" {
		_ = s.cmd.Process.Kill()
		return nil, errors.Join(fmt.Errorf("%s %v did not start", program, args), s.cmd.Wait())
	}
	return s, nil
}
