//go:build unix

package admin

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// shortDir is a folder whose path fits into an address.
func shortDir(t *testing.T) string {
	dir, err := os.MkdirTemp("", "eg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestTheSocketNeedsNoKey(t *testing.T) {
	s := serve(t)
	dir := shortDir(t)
	ln, err := ListenLocal(dir)
	if err != nil {
		t.Fatal(err)
	}
	start(t, s.api, ln, true)
	path := filepath.Join(dir, SocketName)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("%v is left", left)
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	defer client.CloseIdleConnections()
	answer, err := client.Post("http://edge-gateway"+v1+"/endpoints", "application/json", strings.NewReader(orders))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusCreated {
		t.Errorf("%s %s", answer.Status, body)
	}
	if log := s.log.String(); !strings.Contains(log, "by=local from=unix") {
		t.Errorf("%s", log)
	}
	if s.fake.by != "local" {
		t.Errorf("control is told that %q asks", s.fake.by)
	}
}

func TestASocketOfADeadProcessIsReplaced(t *testing.T) {
	dir := shortDir(t)
	path := filepath.Join(dir, SocketName)
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	ln, err := ListenLocal(dir)
	if err != nil {
		t.Fatal(err)
	}
	if conn, err := net.Dial("unix", path); err != nil {
		t.Error(err)
	} else {
		conn.Close()
	}
	ln.Close()
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is left: %v", err)
	}
}

func TestASocketIsNotTakenAway(t *testing.T) {
	dir := shortDir(t)
	path := filepath.Join(dir, SocketName)
	ln, err := ListenLocal(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ListenLocal(dir); err == nil || !strings.Contains(err.Error(), "another process listens") {
		t.Errorf("%v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	other, err := ListenLocal(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	ln.Close()
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("who closes removes the socket of another: %v", err)
	}
}

func TestWhatIsInTheWayOfTheSocketIsTold(t *testing.T) {
	dir := shortDir(t)
	if err := os.WriteFile(filepath.Join(dir, SocketName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ListenLocal(dir); err == nil || !strings.Contains(err.Error(), "is in the way") {
		t.Errorf("%v", err)
	}
	long := filepath.Join(shortDir(t), strings.Repeat("x", 120))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := ListenLocal(long); err == nil || !strings.Contains(err.Error(), "too long for a unix socket") {
		t.Errorf("%v", err)
	}
	if _, err := ListenLocal(filepath.Join(dir, "missing")); err == nil {
		t.Error("a socket in no folder")
	}
}

// TestTheSocketWasNeverOpenToOthers binds with a mask that forbids nothing: the
// folder it is made in keeps others out all the same.
func TestTheSocketWasNeverOpenToOthers(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	dir := shortDir(t)
	ln, err := ListenLocal(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	info, err := os.Stat(filepath.Join(dir, SocketName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
}
