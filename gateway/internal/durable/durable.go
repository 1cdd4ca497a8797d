// Package durable writes files so that they survive a power failure.
package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/failpoint"
)

const temporary = ".tmp"

// WriteFile puts a file into a folder. The name shows either the whole new
// content or what was there before, and on return the new one is on the disk.
func WriteFile(dir, name string, content []byte) error {
	temp, err := os.CreateTemp(dir, "."+name+".*"+temporary)
	if err != nil {
		return err
	}
	_, err = temp.Write(content)
	failpoint.Reach("file.written", name)
	err = errors.Join(err, temp.Sync(), temp.Close())
	failpoint.Reach("file.synced", name)
	if err == nil {
		err = os.Rename(temp.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	failpoint.Reach("file.renamed", name)
	return SyncDir(dir)
}

// RemoveLeftovers deletes the temporary files that killed processes have left
// behind. Those younger than an age may still be in use; with 0 none is.
func RemoveLeftovers(dir string, age time.Duration) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), ".") || !strings.HasSuffix(entry.Name(), temporary) {
			continue
		}
		info, err := entry.Info()
		if err != nil || age > 0 && time.Since(info.ModTime()) < age {
			continue
		}
		if err := os.Remove(filepath.Join(dir, entry.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// MakeDir makes a folder for this user alone, with its parents, and puts their
// names on the disk.
func MakeDir(dir string) error {
	parent := filepath.Dir(dir)
	if _, err := os.Stat(dir); err == nil || parent == dir {
		return err
	}
	if err := MakeDir(parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the folder: %w", err)
	}
	return SyncDir(parent)
}
