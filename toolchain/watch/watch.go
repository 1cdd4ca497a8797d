// Package watch tells when the content of source folders has changed.
package watch

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// quiet is how long nothing must happen in a folder before it is looked
	// at: saving is several steps, and a checkout many.
	quiet = 80 * time.Millisecond

	// patience is how long a folder in which something happens all the time
	// is left alone.
	patience = time.Second

	// rescan is how often folders are looked at without being told to: for
	// file systems that tell nothing (network, containers), for a folder that
	// was away, for events lost.
	rescan = time.Second
)

// Watcher watches source folders. What is reported is content: a file saved
// without a change, an editor's temporary file and a touch are nothing.
type Watcher struct {
	notify  *fsnotify.Watcher // nil: the system gives no events, rescanning has to do
	exclude []string          // absolute

	setting sync.Mutex // serialises Set

	mu      sync.Mutex
	folders map[string]*folder          // by the caller's name
	start   func(*folder)               // what Run does with a folder; nil when it does not run
	owners  map[string]map[*folder]bool // by watched path
}

// New takes note of what the folders hold: it is against this that changes
// are found, so call it before the first build. Paths in exclude are not
// looked at. A folder may come into being later.
//
// Close the watcher if Run is not going to be called.
func New(dirs []string, exclude ...string) (*Watcher, error) {
	w := &Watcher{folders: map[string]*folder{}, owners: map[string]map[*folder]bool{}}
	for _, path := range exclude {
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, fmt.Errorf("watch: exclude %q: %w", path, err)
		}
		w.exclude = append(w.exclude, abs)
	}
	// Out of watches or descriptors: slower, not wrong.
	w.notify, _ = fsnotify.NewWatcher()
	if err := w.Set(dirs); err != nil {
		_ = w.Close()
		return nil, err
	}
	return w, nil
}

// Run calls changed with the name of a folder, as it was given to New, each
// time its content is another than at the last call (or at New), until ctx
// ends. Calls for one folder come one at a time; a change during a call leads
// to one more after it, so that the last content is always reported. Calls for
// different folders may come at the same time. Nothing is reported while a
// folder is away. Run returns when the last call has.
func (w *Watcher) Run(ctx context.Context, changed func(dir string)) {
	defer w.Close()
	var running sync.WaitGroup
	w.mu.Lock()
	w.start = func(f *folder) {
		f.running = true
		running.Go(func() { f.run(ctx, changed) })
	}
	for _, f := range w.folders {
		w.start(f)
	}
	w.mu.Unlock()
	if w.notify != nil {
		running.Go(func() { w.dispatch(ctx) })
	}
	<-ctx.Done()
	w.mu.Lock()
	w.start = nil
	w.mu.Unlock()
	running.Wait()
}

// Close frees what a watcher holds that was never run.
func (w *Watcher) Close() error {
	if w.notify == nil {
		return nil
	}
	return w.notify.Close()
}

// dispatch passes events on to the folders they may concern.
func (w *Watcher) dispatch(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case event, ok := <-w.notify.Events:
			if !ok {
				return
			}
			w.mu.Lock()
			for _, path := range []string{event.Name, filepath.Dir(event.Name)} {
				for f := range w.owners[path] {
					if f.concernedBy(event.Name, path) {
						f.mark()
					}
				}
			}
			w.mu.Unlock()
		case _, ok := <-w.notify.Errors: // events were lost
			if !ok {
				return
			}
			w.mu.Lock()
			for _, f := range w.folders {
				f.mark()
			}
			w.mu.Unlock()
		}
	}
}

// watch asks for the events of a path on behalf of a folder. Asking again is
// right: another folder may have that path by now. The lock is not held over a
// call to the notifier, which may wait for dispatch to take an event.
func (w *Watcher) watch(path string, f *folder) {
	if w.notify == nil {
		return
	}
	w.mu.Lock()
	if w.owners[path] == nil {
		w.owners[path] = map[*folder]bool{}
	}
	w.owners[path][f] = true
	w.mu.Unlock()
	_ = w.notify.Add(path) // without it there is the rescan
}

func (w *Watcher) unwatch(path string, f *folder) {
	if w.notify == nil {
		return
	}
	w.mu.Lock()
	delete(w.owners[path], f)
	last := len(w.owners[path]) == 0
	if last {
		delete(w.owners, path)
	}
	w.mu.Unlock()
	if last {
		_ = w.notify.Remove(path) // most of the time gone with the folder
	}
}
