package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// fleet is the servers under measurement, and the folder they work in.
type fleet struct {
	dir, root string
	binary    string // the gateway
	servers   []*server
	heard     func(line string) // what servers print, if it is not nil
	ends      []func()          // of what else was started, the last first
}

// server is a process under measurement.
type server struct {
	cmd     *exec.Cmd
	address string
	pids    []int // whose CPU counts: the process, and children of its own
}

// newFleet builds the gateway as it is shipped.
func newFleet() (f *fleet, err error) {
	if f, err = newFolder(); err != nil {
		return nil, err
	}
	f.binary = filepath.Join(f.dir, "edge-gateway")
	build := exec.Command("go", "build", "-trimpath", "-o", f.binary, "github.com/edge-gateway/edge-gateway/gateway/cmd/edge-gateway")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		f.stop()
		return nil, fmt.Errorf("build the gateway: %w\n%s", err, out)
	}
	return f, nil
}

// newFolder is a fleet without a gateway to launch.
func newFolder() (f *fleet, err error) {
	f = &fleet{}
	if f.root, err = moduleRoot(); err != nil {
		return nil, err
	}
	f.dir, err = os.MkdirTemp("", "edge-gateway-bench-*")
	return f, err
}

func (f *fleet) stop() {
	for _, s := range f.servers {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
	}
	for _, end := range slices.Backward(f.ends) {
		end()
	}
	_ = os.RemoveAll(f.dir)
}

// endpoint is one that a gateway under measurement is to serve.
type endpoint struct {
	path, source string        // the source in the repository
	timeout      time.Duration // 0 for the default
	service      *service      // that it is bound to; nil for none
	isolated     bool
}

// service is one that a gateway under measurement is to have.
type service struct {
	kind, lines string // the lines of its options
	binding     string // what the handler calls it
}

// gateway starts a gateway.
func (f *fleet) gateway(endpoints ...endpoint) (*server, error) {
	dir, err := os.MkdirTemp(f.dir, "gateway-*")
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf("[server]\ndata = %q\n", filepath.Join(dir, "data"))
	for n, e := range endpoints {
		text += fmt.Sprintf("[[endpoint]]\nname = \"endpoint-%d\"\npath = %q\nsource = %q\n", n, e.path, filepath.Join(f.root, e.source))
		if e.timeout > 0 {
			text += fmt.Sprintf("timeout = %q\n", e.timeout)
		}
		if e.isolated {
			text += "isolation = \"process\"\n"
		}
		if s := e.service; s != nil {
			text += fmt.Sprintf("[endpoint.services]\n%s = \"service-%d\"\n[[service]]\nname = \"service-%d\"\nkind = %q\n%s", s.binding, n, n, s.kind, s.lines)
		}
	}
	config := filepath.Join(dir, "edge-gateway.toml")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return f.launch(f.binary, "serve", "--config", config, "--listen", "127.0.0.1:0", "--admin", "off", "--no-access-log")
}

func moduleRoot() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w; run bench inside it", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// launch starts a server and learns its address from what it prints.
func (f *fleet) launch(program string, args ...string) (*server, error) {
	s := &server{cmd: exec.Command(program, args...)}
	out, err := s.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	f.servers = append(f.servers, s)
	found := make(chan string, 1)
	go func() {
		defer close(found)
		var all strings.Builder
		lines := bufio.NewScanner(out)
		said := false
		for lines.Scan() {
			if all.Len() < 1<<20 {
				all.WriteString(lines.Text() + "\n")
			}
			if f.heard != nil {
				f.heard(lines.Text())
			}
			if _, rest, ok := strings.Cut(lines.Text(), "http://"); ok && !said {
				address, _, _ := strings.Cut(rest, `"`)
				found <- strings.TrimSpace(address)
				said = true
			}
		}
		if !said {
			fmt.Fprint(os.Stderr, all.String())
		}
	}()
	select {
	case s.address = <-found:
	case <-time.After(3 * time.Minute):
	}
	if s.address == "" {
		return nil, fmt.Errorf("%s %v did not start", program, args)
	}
	s.pids, err = withChildren(s.cmd.Process.Pid)
	return s, err
}
