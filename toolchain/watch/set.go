package watch

import (
	"fmt"
	"path/filepath"
	"slices"
)

// Set changes which folders are watched, from any goroutine. Of those that are
// new it takes note as New does, so call it before they are built. A folder
// that is left out is reported no more, but for a call that is under way.
func (w *Watcher) Set(dirs []string) error {
	w.setting.Lock()
	defer w.setting.Unlock()
	paths := make([]string, len(dirs))
	for i, dir := range dirs {
		var err error
		if paths[i], err = filepath.Abs(dir); err != nil {
			return fmt.Errorf("watch %q: %w", dir, err)
		}
	}
	for i, dir := range dirs {
		w.mu.Lock()
		_, known := w.folders[dir]
		w.mu.Unlock()
		if !known {
			w.add(dir, paths[i])
		}
	}
	var neverRun []*folder
	w.mu.Lock()
	for name, f := range w.folders {
		if slices.Contains(dirs, name) {
			continue
		}
		delete(w.folders, name)
		close(f.gone)
		if !f.running {
			neverRun = append(neverRun, f)
		}
	}
	w.mu.Unlock()
	for _, f := range neverRun {
		f.release()
	}
	return nil
}

// add reads a folder before it is run: what it holds now is not news.
func (w *Watcher) add(name, path string) {
	f := &folder{
		Watcher: w, name: name, path: path,
		dirty: make(chan struct{}, 1), gone: make(chan struct{}),
	}
	f.known, _ = f.read()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.folders[name] = f
	if w.start != nil {
		w.start(f)
	}
}
