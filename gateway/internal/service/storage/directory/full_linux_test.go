package directory_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage/storagetest"
)

const fullAt = "EDGE_GATEWAY_TEST_FULL_AT"

// TestFullDisk runs itself in a child with a mount namespace of its own, on a
// file system of 8 MiB.
func TestFullDisk(t *testing.T) {
	if at := os.Getenv(fullAt); at != "" {
		if err := syscall.Mount("tmpfs", at, "tmpfs", 0, "size=8m,mode=0700"); err != nil {
			t.Fatal("mount: ", err)
		}
		fullDisk(t, filepath.Join(at, "store"))
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^TestFullDisk$", "-test.v")
	child.Env = append(os.Environ(), fullAt+"="+t.TempDir())
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Unshareflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		child.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		child.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		child.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := child.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || strings.Contains(string(out), "mount: operation not permitted") {
		t.Skipf("no mount namespace to be had: %v", err)
	}
	if err != nil || !strings.Contains(string(out), "PASS: TestFullDisk") {
		t.Errorf("%v\n%s", err, out)
	}
}

func fullDisk(t *testing.T, path string) {
	s := open(t, path)
	full := func(scope *abi.Scope, r storage.Request) {
		t.Helper()
		if e := storagetest.Fails(t, s, scope, r, abi.ErrUnavailable); e.Code != "ENOSPC" {
			t.Errorf("%T: %s", r, storagetest.Describe(e))
		}
	}
	small := []byte("small")
	storagetest.Do(t, s, storage.Put{Key: "small", Body: small})
	storagetest.Do(t, s, storage.Put{Key: "half", Body: make([]byte, 4<<20)})
	full(nil, storage.Put{Key: "big", Body: make([]byte, 16<<20)})
	storagetest.Eventually(t, "the fault is shown", func() bool { return s.Stats().Fault != nil })
	full(nil, storage.Put{Key: "small", Body: make([]byte, 16<<20)}) // the old one stays
	full(nil, storage.Put{Key: "new", Body: make([]byte, 16<<20), Create: true})
	full(nil, storage.Copy{From: "half", To: "other half"})
	scope, _ := storagetest.Scope(t)
	up := storagetest.DoIn(t, s, scope, storage.Start{Key: "up", Body: make([]byte, 1<<20)}).Upload
	full(scope, storage.Write{Upload: up, Bytes: make([]byte, 16<<20)})
	storagetest.Fails(t, s, scope, storage.Finish{Upload: up}, abi.ErrNotFound)
	storagetest.Eventually(t, "nothing is left of what did not fit", func() bool { return len(written(t, path)) == 0 })

	if o := storagetest.Do(t, s, storage.Get{Key: "small"}).Object; string(o.Body) != "small" {
		t.Errorf("%d bytes", len(o.Body))
	}
	page := storagetest.Do(t, s, storage.List{}).Page
	if len(page.Entries) != 2 || page.Entries[0].Key != "half" || page.Entries[1].Key != "small" {
		t.Errorf("listed: %+v", page.Entries)
	}
	// Fill it to the last byte: even then objects can be read and deleted.
	for size := 1 << 20; size > 0; {
		_, err := s.Do(service.Call{}, storage.Put{Key: "fill/" + string(rune('a'+len(page.Entries))), Body: make([]byte, size)})
		if page.Entries = append(page.Entries, storage.Entry{}); err != nil {
			size /= 2
		}
	}
	if err := s.Probe(t.Context()); err == nil {
		t.Error("it can be probed")
	}
	storagetest.Do(t, s, storage.Get{Key: "small"})
	storagetest.Do(t, s, storage.Delete{Key: "half"})
	storagetest.Do(t, s, storage.Put{Key: "big", Body: make([]byte, 3<<20)}) // there is space again
	storagetest.Do(t, s, storage.Get{Key: "big"})
	if err := s.Probe(t.Context()); err != nil {
		t.Error(err)
	}
}
