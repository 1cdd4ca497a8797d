// Package tree says which files of a folder are a handler's source.
package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Bounds on a source folder. A folder beyond them is a mistake, such as a home
// folder named as a source, and reading it would take minutes.
const (
	maxFiles = 20_000
	maxBytes = 256 << 20
)

// ErrTooLarge tells that a folder holds more than any handler's source does.
var ErrTooLarge = errors.New("too large for a handler's source")

// A File is one regular file, or a link to one, below a source folder.
type File struct {
	Name string      // relative to the folder, with the system's separators
	Info fs.FileInfo // of the file itself, links followed
}

// A Listing is what a source folder holds.
type Listing struct {
	Dirs  []string // relative; "." comes first
	Files []File   // in lexical order
	Links []string // links to folders: not descended into
}

// List walks dir, which must not be a link. Left out are version control, build products, what `exclude`
// names, by whatever path, and whatever is neither file, folder nor link. A
// file that goes away meanwhile is left out too.
func List(dir string, exclude []string) (*Listing, error) {
	list := &Listing{}
	var excluded []fs.FileInfo
	for _, path := range exclude {
		if info, err := os.Stat(path); err == nil {
			excluded = append(excluded, info)
		}
	}
	var bytes int64
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) && path != dir {
				return nil
			}
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name != "." && (skipDir(path) || isOneOf(excluded, entry)) {
				return filepath.SkipDir
			}
			list.Dirs = append(list.Dirs, name)
			return nil
		}
		info, err := os.Stat(path)
		switch {
		case err != nil: // a dangling link, such as an editor's lock, or gone
			return nil
		case info.IsDir():
			list.Links = append(list.Links, name)
			return nil
		case !info.Mode().IsRegular(): // reading a pipe would wait for ever
			return nil
		}
		list.Files = append(list.Files, File{name, info})
		bytes += info.Size()
		if len(list.Files) > maxFiles || bytes > maxBytes {
			return fmt.Errorf("%w: over %d files or %d MiB", ErrTooLarge, maxFiles, maxBytes>>20)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read source folder %q: %w", dir, err)
	}
	return list, nil
}

// skipDir tells whether a folder never holds source. "target" is one only
// beside a Cargo.toml: elsewhere it is a name like any other.
func skipDir(path string) bool {
	switch filepath.Base(path) {
	case ".git", ".hg", ".svn", ".jj", ".edge-gateway", "node_modules", ".idea", ".vscode":
		return true
	case "target":
		_, err := os.Stat(filepath.Join(filepath.Dir(path), "Cargo.toml"))
		return err == nil
	}
	return false
}

// Temporary tells whether a file is an editor's own: a lock, a backup or the
// file that is about to be renamed over the real one.
func Temporary(name string) bool {
	base := filepath.Base(name)
	switch {
	case strings.HasSuffix(base, "~"),
		strings.HasPrefix(base, ".#"),
		strings.HasPrefix(base, "#") && strings.HasSuffix(base, "#"),
		strings.HasPrefix(base, ".goutputstream-"),
		strings.HasPrefix(base, ".nfs"),
		strings.HasSuffix(base, "___jb_tmp___"),
		strings.HasSuffix(base, "___jb_old___"),
		base == ".DS_Store",
		base == "4913": // Vim's probe whether a folder can be written
		return true
	}
	switch strings.ToLower(filepath.Ext(base)) {
	case ".swp", ".swo", ".swx", ".kate-swp", ".bak", ".tmp", ".crswap":
		return true
	}
	return false
}

func isOneOf(dirs []fs.FileInfo, entry fs.DirEntry) bool {
	info, err := entry.Info()
	if err != nil {
		return false
	}
	for _, dir := range dirs {
		if os.SameFile(dir, info) {
			return true
		}
	}
	return false
}
