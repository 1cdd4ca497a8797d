package archive_test

import (
	"archive/zip"
	"bytes"
	"os"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/archive"
)

func TestAZipLeavesNothingElsewhere(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/is not there")
	var data bytes.Buffer
	w := zip.NewWriter(&data)
	if _, err := w.Create("a.txt"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := archive.Unpack(&data, dir, archive.Limits{}); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left %v, %v", left, err)
	}
}
