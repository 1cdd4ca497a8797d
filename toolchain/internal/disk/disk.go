// Package disk measures what files take on disk.
package disk

import (
	"io/fs"
	"path/filepath"
)

// Meter adds up what files take, in bytes. A file of several names, or none,
// counts once.
type Meter struct {
	Used int64
	seen map[identity]bool
}

// Folder is what a folder takes with all that is in it. What changes while it
// is walked is counted as it was met.
func Folder(dir string) int64 {
	var m Meter
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := entry.Info(); err == nil {
			m.Add(info)
		}
		return nil
	})
	return m.Used
}
