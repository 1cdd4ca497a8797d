package toolchain

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// tempLock is locked as long as the build goes on that a temporary folder is of.
const tempLock = ".lock"

// makeTemp makes the temporary folder of a build.
func (t *Toolchain) makeTemp(ctx context.Context) (dir string, remove func(), err error) {
	if dir, err = os.MkdirTemp(t.tempRoot(), "build-"); err != nil {
		return "", nil, err
	}
	unlock, err := lock(ctx, filepath.Join(dir, tempLock))
	if err != nil {
		os.RemoveAll(dir)
		return "", nil, err
	}
	return dir, func() { unlock(); os.RemoveAll(dir) }, nil
}

// removeLeftovers deletes what builds of processes that were killed left behind:
// folders that nobody has locked, and copies that nobody goes on with. A build
// that has just begun may be about to lock its own, and one that has lost its
// lock may take long.
func (t *Toolchain) removeLeftovers() {
	copies, _ := filepath.Glob(filepath.Join(t.libraryDir(), copying+"*"))
	for _, path := range copies {
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > 10*time.Minute {
			os.Remove(path)
		}
	}
	entries, _ := os.ReadDir(t.tempRoot())
	for _, entry := range entries {
		dir := filepath.Join(t.tempRoot(), entry.Name())
		least := time.Minute
		file, err := os.OpenFile(filepath.Join(dir, tempLock), os.O_RDWR, 0)
		if err == nil {
			locked, _ := tryLock(file)
			file.Close()
			if !locked {
				continue
			}
		} else {
			least = max(24*time.Hour, 2*t.config.Timeout)
		}
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > least {
			os.RemoveAll(dir)
		}
	}
}
