package state_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// disk mounts a file system of its own.
func disk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" && os.Getuid() == 0 {
			t.Fatalf("mount: %v", err)
		}
		t.Skipf("a file system cannot be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

func fill(t *testing.T, dir string) (ballast string) {
	t.Helper()
	ballast = filepath.Join(dir, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return ballast
}

// TestFullDisk: a change for which there is no room is refused and leaves
// nothing, the state can be looked at, and it goes on when there is room.
func TestFullDisk(t *testing.T) {
	dir := disk(t, 2<<20)
	s, err := state.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	kept := 0
	add := func(n int) error {
		e := endpoint(fmt.Sprintf("e%03d", n))
		e.Config = map[string]string{"text": strings.Repeat("x", 10_000)}
		return s.Update(t.Context(), func(tx *state.Tx) error {
			return errors.Join(tx.CreateEndpoint(e), tx.PutVersion(model.Version{Endpoint: e.Name, Digest: digest(n)}))
		})
	}
	if err := add(kept); err != nil {
		t.Fatal(err)
	}
	kept++
	ballast := fill(t, dir)
	for err == nil && kept < 500 {
		if err = add(kept); err == nil {
			kept++
		}
	}
	check := func() {
		t.Helper()
		view(t, s, func(tx *state.Tx) error {
			all, err := tx.Endpoints()
			if len(all) != kept {
				t.Errorf("%d endpoints, want %d", len(all), kept)
			}
			for _, e := range all {
				versions, err := tx.Versions(e.Name)
				if len(versions) != 1 {
					t.Errorf("half of %s: %v", e.Name, err)
				}
			}
			return err
		})
	}
	for range 3 {
		if got := want(t, err, model.Unavailable, ""); !strings.Contains(got.Reason, "disk") || !strings.Contains(got.Reason, "full") {
			t.Error(got.Reason)
		}
		check()
		err = add(kept)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := add(kept); err != nil {
		t.Fatal(err)
	}
	kept++
	check()
}

func TestFullDiskAtTheStart(t *testing.T) {
	dir := disk(t, 1<<20)
	ballast := fill(t, dir)
	_, err := state.Open(t.Context(), dir)
	if err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("error %v", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	s, err := state.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestFolderThatCannotBeWritten(t *testing.T) {
	dir := disk(t, 4<<20)
	for _, made := range []bool{false, true} {
		if made {
			if err := start(t, dir).Close(); err != nil {
				t.Fatal(err)
			}
		}
		if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
		_, err := state.Open(t.Context(), dir)
		if err == nil || !strings.Contains(err.Error(), "cannot be written; make the folder and its files writable") || !strings.Contains(err.Error(), dir) {
			t.Errorf("error %v", err)
		}
		if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT, ""); err != nil {
			t.Fatal(err)
		}
	}
}
