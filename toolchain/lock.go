package toolchain

import (
	"context"
	"fmt"
	"os"
	"time"
)

// lock takes the lock named by a file, among goroutines and processes, and
// waits for it as long as ctx allows. The file stays.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		locked, err := tryLock(file)
		if locked {
			return func() { file.Close() }, nil
		}
		if err == nil {
			select {
			case <-time.After(10 * time.Millisecond):
				continue
			case <-ctx.Done():
				err = context.Cause(ctx)
			}
		}
		file.Close()
		return nil, fmt.Errorf("lock %q: %w", path, err)
	}
}
