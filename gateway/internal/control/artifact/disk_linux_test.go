package artifact_test

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// TestFullDisk: what has no room is refused and leaves nothing behind.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" && os.Getuid() == 0 {
			t.Fatalf("mount: %v", err)
		}
		t.Skipf("a small file system cannot be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	s := open(t, dir)
	half := strings.Repeat("x", 600_000)
	kept := put(t, s.PutLibrary, half)
	_, err := s.PutSource(strings.NewReader(half), 1<<20)
	want(t, err, model.Unavailable)
	if got := files(t, dir, "sources"); len(got) != 0 {
		t.Errorf("%d files are left", len(got))
	}
	if got, err := s.Library(kept.Digest); err != nil || got != kept {
		t.Errorf("%+v %v", got, err)
	}
	put(t, s.PutSource, "small")
}
