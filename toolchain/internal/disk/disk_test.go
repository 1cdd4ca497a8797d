package disk_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/edge-gateway/edge-gateway/toolchain/internal/disk"
)

func TestFileOfTwoNamesCountsOnce(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("names are not counted here")
	}
	dir := t.TempDir()
	empty := disk.Folder(dir)
	one := filepath.Join(dir, "one")
	if err := os.WriteFile(one, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(one, filepath.Join(dir, "two")); err != nil {
		t.Fatal(err)
	}
	if used := disk.Folder(dir) - empty; used < 1<<20 || used > 1<<20+64<<10 {
		t.Errorf("used %d", used)
	}
	if err := os.WriteFile(filepath.Join(dir, "three"), make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if used := disk.Folder(dir) - empty; used < 2<<20 {
		t.Errorf("used %d", used)
	}
	if disk.Folder(filepath.Join(dir, "none")) != 0 {
		t.Error("what is not there takes space")
	}
}
