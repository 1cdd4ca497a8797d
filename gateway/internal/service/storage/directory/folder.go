package directory

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
)

// durableFolders are folders that are known to be on the disk, with all above
// them.
type durableFolders struct {
	mu    sync.Mutex
	known map[string]struct{}
}

const maxDurable = 10_000 // that are remembered

func (d *durableFolders) has(folder string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.known[folder]
	return ok
}

func (d *durableFolders) add(folder string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known == nil || len(d.known) >= maxDurable {
		d.known = map[string]struct{}{}
	}
	d.known[folder] = struct{}{}
}

func (d *durableFolders) remove(folder string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.known, folder)
}

// manyTries is how often a folder is made again that others, who share the
// PATH, remove because it is empty.
const manyTries = 100

// publish gives a finished file its place, durably; exclusive says that
// nothing may be there, else the error is fs.ErrExist. visible tells, with an
// error, whether others may see the file all the same.
func (s *store) publish(from, to string, exclusive bool) (visible bool, err error) {
	s.folders.RLock()
	defer s.folders.RUnlock()
	folder := path.Dir(to)
	for try := range manyTries {
		if err = s.makeFolders(folder, try > 0); err == nil {
			if exclusive {
				err = s.root.Link(from, to)
			} else {
				err = s.root.Rename(from, to)
			}
		}
		if err == nil || !errors.Is(err, fs.ErrNotExist) || s.stale() || !s.has(from) {
			break
		}
	}
	if err != nil {
		return false, err
	}
	if err = syncFolder(s.root, folder); errors.Is(err, fs.ErrNotExist) {
		err = nil // the object has been deleted since, and the folder with it
	}
	return true, err
}

func (s *store) has(name string) bool {
	_, err := s.root.Lstat(name)
	return err == nil
}

// makeFolders makes a folder and those above it durable, if they are not: first
// all of them, then all of their names are put on the disk, which costs a file
// system with a journal little more than one.
func (s *store) makeFolders(folder string, again bool) error {
	if folder == objects || !again && s.durable.has(folder) {
		return nil
	}
	add := func(above *os.Root, name, _ string) error {
		if err := above.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	}
	keep := func(above *os.Root, _, folder string) error {
		if err := syncFolder(above, "."); err != nil {
			return err
		}
		s.durable.add(folder)
		return nil
	}
	for _, visit := range []func(above *os.Root, name, folder string) error{add, keep} {
		err := s.descend(folder, func(above *os.Root, name, folder string) error {
			if !again && s.durable.has(folder) {
				return nil
			}
			return visit(above, name, folder)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// descend visits every folder on the way from objects to one below, with the
// folder above it.
func (s *store) descend(folder string, visit func(above *os.Root, name, folder string) error) error {
	at, err := s.root.OpenRoot(objects)
	if err != nil {
		return err
	}
	defer func() { _ = at.Close() }()
	below := objects
	for name := range strings.SplitSeq(strings.TrimPrefix(folder, objects+"/"), "/") {
		below += "/" + name
		if err := visit(at, name, below); err != nil {
			return err
		}
		next, err := at.OpenRoot(name)
		if err != nil {
			return err
		}
		_ = at.Close()
		at = next
	}
	return nil
}

// prune removes a folder and those above it for as long as they are empty.
func (s *store) prune(folder string) {
	for strings.HasPrefix(folder, objects+"/") && isEmpty(s.root, folder) {
		s.folders.Lock()
		s.durable.remove(folder)
		err := s.root.Remove(folder)
		s.folders.Unlock()
		if err != nil {
			return // it is in use again
		}
		folder = path.Dir(folder)
	}
}

func isEmpty(root *os.Root, folder string) bool {
	f, err := root.Open(folder)
	if err != nil {
		return false
	}
	defer f.Close()
	_, err = f.Readdirnames(1)
	return err == io.EOF
}

// syncFolder puts the names in a folder on the disk.
func syncFolder(root *os.Root, folder string) error {
	if !foldersSync {
		return nil
	}
	f, err := root.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
