package toolchain

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// What a hostile build leaves in the place of its library is read by the
// gateway, which is not confined and has to come to an end.
func TestProductThatIsNoFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	pipe, endless := filepath.Join(dir, "pipe"), filepath.Join(dir, "endless")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/zero", endless); err != nil {
		t.Fatal(err)
	}
	for _, product := range []string{pipe, endless, dir} {
		ended := make(chan error, 1)
		go func() {
			_, err := place(product, dir, func(string) string { return filepath.Join(dir, "handler.so") })
			ended <- err
		}()
		select {
		case err := <-ended:
			if err == nil {
				t.Errorf("%s is taken for a library", product)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%s is read for ever", product)
		}
	}
}
