package systemd

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestTheManagerIsToldOverItsSocket(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no datagrams over unix sockets here")
	}
	dir, err := os.MkdirTemp("", "notify-") // short, for the path of a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	names := []string{filepath.Join(dir, "s")}
	if runtime.GOOS == "linux" {
		names = append(names, "@edge-gateway-test-"+strconv.Itoa(os.Getpid()))
	}
	for _, name := range names {
		conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		t.Setenv("NOTIFY_SOCKET", name)
		t.Setenv("WATCHDOG_USEC", "3000000")
		m := Take()
		if os.Getenv("NOTIFY_SOCKET")+os.Getenv("WATCHDOG_USEC") != "" {
			t.Error("what is started would find it, too")
		}
		if m.Watchdog() != 3*time.Second {
			t.Error(m.Watchdog())
		}
		if err := m.Tell("READY=1", "STATUS=it serves"); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		text := make([]byte, 100)
		n, err := conn.Read(text)
		if err != nil || string(text[:n]) != "READY=1\nSTATUS=it serves" {
			t.Errorf("%q %v", text[:n], err)
		}
		for _, one := range m.Environment() { // as the next program finds it
			key, value, _ := strings.Cut(one, "=")
			t.Setenv(key, value)
		}
		if again := Take(); again != m {
			t.Errorf("%+v, and it was %+v", again, m)
		}
	}
	t.Setenv("WATCHDOG_USEC", "3000000")
	t.Setenv("WATCHDOG_PID", "1")
	t.Setenv("NOTIFY_SOCKET", names[0])
	if m := Take(); m.Watchdog() != 0 {
		t.Error("the watchdog of another process is taken for its own")
	}
	var none Manager
	if err := none.Tell("READY=1"); err != nil || none.Watchdog() != 0 {
		t.Error(err)
	}
}

// The listeners of a manager are those of the process that it means.
func TestPassedListenersAreTakenByName(t *testing.T) {
	if os.Getenv("EDGE_GATEWAY_TEST_LISTENERS") != "" {
		_ = os.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid()))
		all, err := Listeners()
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range all {
			t.Logf("%s=%s", one.Name, one.Addr())
		}
		if again, err := Listeners(); len(again) != 0 || err != nil {
			t.Error("they are taken twice", err)
		}
		return
	}
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot inherit a listener here")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestPassedListenersAreTakenByName$", "-test.v")
	cmd.Env = append(os.Environ(), "EDGE_GATEWAY_TEST_LISTENERS=1", "LISTEN_FDS=2", "LISTEN_FDNAMES=http:admin")
	var want []string
	for _, name := range []string{"http", "admin"} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		file, err := ln.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		cmd.ExtraFiles = append(cmd.ExtraFiles, file)
		want = append(want, name+"="+ln.Addr().String())
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), want[0]) || !strings.Contains(string(out), want[1]) {
		t.Errorf("%v\n%s\nwant %v", err, out, want)
	}
	t.Setenv("LISTEN_PID", "1")
	t.Setenv("LISTEN_FDS", "3")
	if all, err := Listeners(); len(all) != 0 || err != nil {
		t.Error("it takes those of another process", err)
	}
}
