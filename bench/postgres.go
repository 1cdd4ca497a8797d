package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// items is how many rows the table "item" has, with the ids from 1 on.
const items = 10_000

// errNoPostgres says that a section has to be left out.
var errNoPostgres = errors.New("PostgreSQL is not installed (Debian: postgresql)")

// postgres starts a PostgreSQL server with the table "item" and returns its URL.
func (f *fleet) postgres() (url string, err error) {
	program, err := findPostgres()
	if err != nil {
		return "", err
	}
	// A folder of its own, which the account that runs the server may enter.
	dir, err := os.MkdirTemp("", "edge-gateway-bench-postgres-*")
	if err != nil {
		return "", err
	}
	f.ends = append(f.ends, func() { _ = os.RemoveAll(dir) })
	as := []string(nil)
	if os.Getuid() == 0 { // PostgreSQL refuses to run as root
		as = []string{"setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"}
		if out, err := exec.Command("chown", "nobody:nogroup", dir).CombinedOutput(); err != nil {
			return "", fmt.Errorf("%w: %s", err, out)
		}
	}
	command := func(name string, args ...string) *exec.Cmd {
		all := slices.Concat(as, []string{filepath.Join(filepath.Dir(program), name)}, args)
		cmd := exec.Command(all[0], all[1:]...)
		cmd.Dir = dir
		return cmd
	}
	data := filepath.Join(dir, "data")
	if out, err := command("initdb", "-D", data, "-U", "bench", "-A", "trust", "--no-sync", "--locale=C", "-E", "UTF8").CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w: %s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	server := command("postgres", "-D", data, "-p", fmt.Sprint(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off",
		"-c", "log_min_messages=panic")
	server.Stderr = os.Stderr
	if err := server.Start(); err != nil {
		return "", err
	}
	f.ends = append(f.ends, func() {
		_ = server.Process.Signal(os.Interrupt) // at once, but in order
		_ = server.Wait()
	})
	url = fmt.Sprintf("postgres://bench@127.0.0.1:%d/postgres?sslmode=disable", port)
	return url, fill(url)
}

func findPostgres() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	slices.Reverse(found) // the newest first
	if program, err := exec.LookPath("postgres"); err == nil {
		if program, err = filepath.EvalSymlinks(program); err == nil {
			found = append(found, program)
		}
	}
	if len(found) == 0 {
		return "", errNoPostgres
	}
	return found[0], nil
}

func freePort() (int, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port, nil
}

// fill makes the table, as soon as the server takes connections.
func fill(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	for err != nil && ctx.Err() == nil {
		time.Sleep(20 * time.Millisecond)
		conn, err = pgx.Connect(ctx, url)
	}
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, fmt.Sprintf(`
		create table item (id bigint primary key, name text not null, stock bigint not null);
		insert into item select n, 'item ' || n, n from generate_series(1, %d) n;
		analyze item;`, items))
	return err
}
