//go:build linux

package main

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// manager is what a service manager hears.
type manager struct {
	*net.UnixConn
	path string
	said []string
}

func newManager(t *testing.T) *manager {
	t.Helper()
	dir, err := os.MkdirTemp("", "notify-") // short, for the path of a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	m := &manager{path: filepath.Join(dir, "s")}
	if m.UnixConn, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: m.path, Net: "unixgram"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// hears waits until it is told something that begins so, and gives all of that.
func (m *manager) hears(t *testing.T, begin string) string {
	t.Helper()
	_ = m.SetReadDeadline(time.Now().Add(time.Minute))
	text := make([]byte, 4096)
	for {
		n, err := m.Read(text)
		if err != nil {
			t.Fatalf("it is not told %s, but %q: %v", begin, m.said, err)
		}
		m.said = append(m.said, string(text[:n]))
		if strings.HasPrefix(string(text[:n]), begin) {
			return string(text[:n])
		}
	}
}

func listener(t *testing.T) (address string, file *os.File) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if file, err = ln.(*net.TCPListener).File(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return ln.Addr().String(), file
}

// managed serves as a service manager has it: with sockets, a notification
// socket and a watchdog.
func managed(t *testing.T, m *manager, args ...string) (p *process, http, admin string) {
	t.Helper()
	t.Setenv("EDGE_GATEWAY_SINGLE_PROCESS", "false")
	t.Setenv("EDGE_GATEWAY_ADMIN", "") // or the socket of the admin API would not be served
	var first, second *os.File
	http, first = listener(t)
	admin, second = listener(t)
	p = &process{Cmd: exec.Command("sh", append([]string{"-c", `LISTEN_PID=$$ exec "$0" "$@"`, binary, "serve"}, args...)...), exited: make(chan error, 1)}
	p.Env = append(os.Environ(), "LISTEN_FDS=2", "LISTEN_FDNAMES=http:admin", "NOTIFY_SOCKET="+m.path, "WATCHDOG_USEC=600000")
	p.ExtraFiles, p.Stdout, p.Stderr = []*os.File{first, second}, p, p
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.exited <- p.Wait() }()
	t.Cleanup(func() {
		_ = p.Process.Kill()
		if t.Failed() {
			t.Log(p.output())
		}
	})
	return p, http, admin
}

func TestAServiceManagerPassesSocketsAndIsTold(t *testing.T) {
	_, config := project(t)
	m := newManager(t)
	p, address, admin := managed(t, m, "--config", config)
	if said := m.hears(t, "READY=1"); !strings.Contains(said, "\nMAINPID=") || !strings.Contains(said, "\nSTATUS=serving "+address) {
		t.Errorf("%q", said)
	}
	p.address = address
	if status, body := p.ask(t, "GET", "/", ""); status != 200 || body != "first" {
		t.Errorf("%d %q", status, body)
	}
	answer, err := http.Get("http://" + admin + "/healthz")
	if err != nil || answer.StatusCode != 200 {
		t.Errorf("the admin API: %v", err)
	}
	m.hears(t, "WATCHDOG=1")
	m.hears(t, "WATCHDOG=1")
	p.signal(t, syscall.SIGHUP)
	if said := m.hears(t, "RELOADING=1"); !strings.Contains(said, "\nMONOTONIC_USEC=") {
		t.Errorf("%q", said)
	}
	m.hears(t, "READY=1")
	// The watchdog is not fed while the worker does not answer.
	worker := p.worker(t)
	if err := syscall.Kill(worker, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	m.hears(t, "STATUS=not well: ")
	if err := syscall.Kill(worker, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	m.hears(t, "WATCHDOG=1")
	p.signal(t, syscall.SIGTERM)
	m.hears(t, "STOPPING=1")
	if err := <-p.exited; err != nil {
		t.Error(err)
	}
}

func TestASocketOfTheAdminAPIIsNotServedWhereThatIsOff(t *testing.T) {
	_, config := project(t)
	m := newManager(t)
	p, address, _ := managed(t, m, "--config", config, "--admin", "off")
	m.hears(t, "READY=1")
	p.address = address
	if status, _ := p.ask(t, "GET", "/", ""); status != 200 || strings.Contains(p.output(), "serving the admin API") {
		t.Errorf("%d, or the admin API is served", status)
	}
	p.stop(t)
}

func TestASecondSocketOfTheAdminAPIIsRefused(t *testing.T) {
	_, config := project(t)
	_, first := listener(t)
	_, second := listener(t)
	serve := exec.Command("sh", "-c", `LISTEN_PID=$$ exec "$0" "$@"`, binary, "serve", "--config", config)
	serve.Env = append(os.Environ(), "LISTEN_FDS=2", "LISTEN_FDNAMES=admin:admin")
	serve.ExtraFiles = []*os.File{first, second}
	if out, err := serve.CombinedOutput(); err == nil || !strings.Contains(string(out), `more than one socket called "admin"`) {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestAnUpgradeOfAServiceIsTold(t *testing.T) {
	next, err := second()
	if err != nil {
		t.Fatal(err)
	}
	dir, config := project(t)
	data := filepath.Join(dir, "d")
	m := newManager(t)
	p, address, _ := managed(t, m, "--config", config, "--data", data)
	m.hears(t, "READY=1")
	p.upgrade(t, data, 0, "2.0.0 serves", "--program", next)
	m.hears(t, "RELOADING=1")
	m.hears(t, "READY=1")
	m.hears(t, "WATCHDOG=1")
	p.address = address
	if status, body := p.ask(t, "GET", "/", ""); status != 200 || body != "first" {
		t.Errorf("%d %q", status, body)
	}
	p.stop(t)
}
