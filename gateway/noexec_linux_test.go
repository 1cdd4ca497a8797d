package gateway_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/edge-gateway/edge-gateway/gateway"
)

const (
	noexecLibrary = "EDGE_GATEWAY_TEST_NOEXEC_LIBRARY"
	cannotMount   = "cannot mount here"
)

// A data directory on a file system mounted noexec: the library is refused for
// that reason, and what serves goes on. The gateway is a process of its own,
// with mounts of its own.
func TestLibraryOnANoexecMountIsRefusedAndTheOldVersionServes(t *testing.T) {
	child := exec.Command(os.Args[0], "-test.run=^TestGatewayOnANoexecMount$", "-test.v")
	child.Env = append(os.Environ(), noexecLibrary+"="+buildC(t, versionInC))
	child.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		child.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		child.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		child.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := child.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
	case !errors.As(err, &exit), strings.Contains(string(out), cannotMount):
		if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" {
			t.Fatalf("%v\n%s", err, out)
		}
		t.Skipf("no mount of its own for a process: %v\n%s", err, out)
	default:
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), "--- PASS: TestGatewayOnANoexecMount") {
		t.Fatalf("it has not run:\n%s", out)
	}
}

func TestGatewayOnANoexecMount(t *testing.T) {
	library := os.Getenv(noexecLibrary)
	if library == "" {
		t.Skip("the gateway of TestLibraryOnANoexecMountIsRefusedAndTheOldVersionServes, started by it")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, ""); err != nil {
		t.Fatal(cannotMount, ": ", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	serve := func(library string) gateway.Snapshot {
		return gateway.Snapshot{Endpoints: []gateway.Endpoint{endpoint("victim", "/", library)}}
	}
	g, address := start(t, gateway.Options{Dir: filepath.Join(dir, "data")}, serve(library))
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_NOEXEC, ""); err != nil {
		t.Fatal(cannotMount, ": ", err)
	}
	next := patched(t, library, marker, "version-0002")
	err := g.Apply(t.Context(), serve(next))
	var fault *gateway.EndpointError
	if !errors.As(err, &fault) || fault.Endpoint != "victim" {
		t.Fatalf("error %v, want one that names the endpoint", err)
	}
	for _, says := range []string{next, filepath.Join(dir, "data"), "mounted noexec", "--data"} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("%q does not say %q", err, says)
		}
	}
	if r := get(t, address, "/"); r.Status != 200 || string(r.Body) != "version-0000" {
		t.Errorf("the old version answers %d %q", r.Status, r.Body)
	}
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT, ""); err != nil {
		t.Fatal(err)
	}
	if err := g.Apply(t.Context(), serve(next)); err != nil {
		t.Fatal(err)
	}
	if r := get(t, address, "/"); string(r.Body) != "version-0002" {
		t.Errorf("once it may be loaded, the new version does not answer: %d %q", r.Status, r.Body)
	}
}
