package toolchain

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/edge-gateway/edge-gateway/toolchain/internal/disk"
)

// trimAfter is how long what a build has made is left alone, so that its caller
// can copy it.
const trimAfter = 10 * time.Minute

// Trim deletes what the cache holds for next builds, the least recently used
// first, until it takes no more than budget bytes on disk. What a build under
// way uses stays, and so do libraries that were built in the last ten minutes
// or that keep names by their paths. Compilers' own caches count and stay: they
// trim themselves. remaining may thus be above the budget.
func (t *Toolchain) Trim(budget int64, keep ...string) (freed, remaining int64, err error) {
	remaining = disk.Folder(t.config.CacheDir)
	items, err := t.trimmable(keep)
	if err != nil {
		return 0, remaining, err
	}
	slices.SortFunc(items, func(a, b item) int { return cmp.Compare(a.used.UnixNano(), b.used.UnixNano()) })
	var failed []error
	for _, item := range items {
		if remaining <= budget {
			break
		}
		size := disk.Folder(item.path)
		removed, err := item.remove()
		if err != nil {
			failed = append(failed, fmt.Errorf("trim build cache: %w", err))
		}
		if removed {
			freed += size
			remaining -= size
		}
	}
	return freed, remaining, errors.Join(failed...)
}

// item is something that Trim may delete.
type item struct {
	path string
	used time.Time
	// remove tells whether it was removed: not if it is in use.
	remove func() (bool, error)
}

func (t *Toolchain) trimmable(keep []string) ([]item, error) {
	var items []item
	stages, err := os.ReadDir(t.stageRoot())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("trim build cache: %w", err)
	}
	for _, entry := range stages {
		root := filepath.Join(t.stageRoot(), entry.Name())
		info, err := os.Stat(filepath.Join(root, stageLock))
		if err != nil {
			continue // one that begins
		}
		items = append(items, item{root, info.ModTime(), func() (bool, error) { return removeStage(root) }})
	}
	libraries, err := os.ReadDir(t.libraryDir())
	if err != nil {
		return nil, fmt.Errorf("trim build cache: %w", err)
	}
	for _, entry := range libraries {
		path := filepath.Join(t.libraryDir(), entry.Name())
		info, err := entry.Info()
		if err != nil || time.Since(info.ModTime()) < trimAfter || slices.Contains(keep, path) {
			continue
		}
		items = append(items, item{path, info.ModTime(), func() (bool, error) { err := os.Remove(path); return err == nil, err }})
	}
	return items, nil
}

// removeStage deletes a stage unless it is worked on. Who waits for its lock
// meanwhile makes it anew.
func removeStage(root string) (bool, error) {
	file, err := os.OpenFile(filepath.Join(root, stageLock), os.O_RDWR, 0)
	if err != nil {
		return false, nil // another one is about to remove it
	}
	defer file.Close()
	if locked, err := tryLock(file); !locked {
		return false, err
	}
	for _, part := range []string{"src", "target"} {
		if err := os.RemoveAll(filepath.Join(root, part)); err != nil {
			return false, err
		}
	}
	return true, os.RemoveAll(root) // with the lock, last
}
