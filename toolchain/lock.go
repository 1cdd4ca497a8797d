package toolchain

import (
	"context"
	"fmt"
	"os"
	"time"
)

// lock takes the lock named by a file, among goroutines and processes, and
// waits for it as long as ctx allows. The file may be removed by who holds the
// lock: those who wait then begin anew.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	for {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
		if err != nil {
			return nil, err
		}
		locked, err := tryLock(file)
		if locked && named(file, path) {
			return func() { file.Close() }, nil
		}
		file.Close()
		if err != nil {
			return nil, fmt.Errorf("lock %q: %w", path, err)
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return nil, fmt.Errorf("lock %q: %w", path, context.Cause(ctx))
		}
	}
}

// named tells whether path still leads to the open file.
func named(file *os.File, path string) bool {
	held, err := file.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(path)
	return err == nil && os.SameFile(held, now)
}
