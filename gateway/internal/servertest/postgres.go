package servertest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// PostgresPassword is the password of the user "gateway".
const PostgresPassword = "open-sesame-4711"

// PostgresServer is a PostgreSQL server with an empty database.
type PostgresServer struct{ *Server }

// Postgres starts a PostgreSQL server; options are settings such as
// "max_connections=10".
func Postgres(t testing.TB, options ...string) *PostgresServer {
	t.Helper()
	programs, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	slices.Reverse(programs) // the newest first
	program := Need(t, "install PostgreSQL (Debian: postgresql)", append([]string{"postgres"}, programs...)...)
	user := postgresUser(t)
	template := postgresTemplate(t, filepath.Dir(program), user)
	dir, err := os.MkdirTemp("", "edge-gateway-postgres-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // the server's user has to get in
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	if out, err := exec.Command("cp", "-a", template, data).CombinedOutput(); err != nil {
		t.Fatalf("copy the template: %v: %s", err, out)
	}
	port := Port(t)
	args := []string{"-D", data, "-p", fmt.Sprint(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=50"}
	for _, option := range options {
		args = append(args, "-c", option)
	}
	p := &PostgresServer{}
	p.Server = Launch(t, Loopback(port), func() *exec.Cmd {
		cmd := exec.Command(program, args...)
		cmd.Dir = dir
		user.runs(cmd)
		return cmd
	}, func(ctx context.Context) error {
		conn, err := pgx.Connect(ctx, p.URLAt(Loopback(port)))
		if err == nil {
			err = conn.Close(ctx)
		}
		return err
	})
	t.Cleanup(p.Kill)
	return p
}

// URL is where to connect to, with the password.
func (p *PostgresServer) URL() string { return p.URLAt(p.Address) }

// URLAt is URL for a proxy before the server.
func (*PostgresServer) URLAt(address string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword("gateway", PostgresPassword), Host: address, Path: "postgres", RawQuery: "sslmode=disable"}
	return u.String()
}

// Every process of the server has a group of its own, so they are found by
// their parent.

// Kill ends it at once, as a power failure would.
func (p *PostgresServer) Kill() {
	children := p.children()
	p.Server.Kill()
	for _, pid := range children {
		_ = signalProcess(pid, syscall.SIGKILL)
	}
}

// children are the processes that the server has started.
func (p *PostgresServer) children() (pids []int) {
	if p.Server == nil || p.cmd == nil || p.cmd.Process == nil {
		return nil
	}
	want := fmt.Sprintf("\nPPid:\t%d\n", p.cmd.Process.Pid)
	files, _ := filepath.Glob("/proc/[0-9]*/status")
	for _, file := range files {
		status, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(status), want) {
			continue
		}
		var pid int
		if _, err := fmt.Sscanf(file, "/proc/%d/status", &pid); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// postgresTemplate is a folder of data made by initdb, once per machine, user
// and version.
func postgresTemplate(t testing.TB, bin string, user account) string {
	t.Helper()
	version, err := exec.Command(filepath.Join(bin, "postgres"), "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	name := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '.' {
			return r
		}
		return -1
	}, string(version))
	path := filepath.Join(os.TempDir(), fmt.Sprintf("edge-gateway-test-postgres-%s-%d", name, user.uid))
	template := filepath.Join(path, "data")
	if _, err := os.Stat(template); err == nil {
		return template
	}
	made, err := os.MkdirTemp("", "edge-gateway-test-initdb-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(made)
	password := filepath.Join(made, "password")
	if err := os.WriteFile(password, []byte(PostgresPassword), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := user.owns(made); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(bin, "initdb"), "-D", filepath.Join(made, "data"), "-U", "gateway", "-A", "scram-sha-256",
		"--pwfile", password, "--no-sync", "--locale=C", "-E", "UTF8")
	cmd.Dir = made
	user.runs(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v: %s", err, out)
	}
	if err := os.Chmod(made, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(made, path); err != nil {
		if _, there := os.Stat(template); there != nil { // another test was not faster
			t.Fatal(err)
		}
	}
	return template
}
