package watch

import (
	"context"
	"path/filepath"
	"time"

	"github.com/edge-gateway/edge-gateway/toolchain/internal/tree"
)

// folder is one source folder. known and watched belong to the goroutine of
// run.
type folder struct {
	*Watcher
	name    string // the caller's
	path    string // absolute
	dirty   chan struct{}
	gone    chan struct{}   // closed when it is to be watched no more
	running bool            // by a goroutine, which then is the one to release it
	known   fingerprint     // reported last
	watched map[string]bool // paths inside
}

func (f *folder) run(ctx context.Context, changed func(dir string)) {
	ticks := time.NewTicker(rescan)
	defer ticks.Stop()
	f.mark() // what happened since New
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.gone:
			f.release()
			return
		case <-ticks.C:
			f.glance()
		case <-f.dirty:
			if f.settle(ctx) {
				f.look(changed)
			}
		}
	}
}

// mark notes that something happened. One mark is enough for any number of
// events: the folder is read after it was taken.
func (f *folder) mark() {
	select {
	case f.dirty <- struct{}{}:
	default:
	}
}

// settle waits until nothing more happens.
func (f *folder) settle(ctx context.Context) bool {
	enough := time.After(patience)
	for {
		select {
		case <-f.dirty:
		case <-time.After(quiet):
			return true
		case <-enough:
			return true
		case <-f.gone:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// release asks for no more events.
func (f *folder) release() {
	f.unwatch(filepath.Dir(f.path), f)
	for dir := range f.watched {
		f.unwatch(dir, f)
	}
}

// glance looks for a change that no event told of.
func (f *folder) glance() {
	now, err := take(f.path, f.exclude, &f.known)
	if err != nil || !now.sameContent(f.known) {
		f.mark()
		return
	}
	f.known.shape = now.shape // a touch: need not be looked into again
}

// look reports the content if it is new.
func (f *folder) look(changed func(dir string)) {
	now, err := f.read()
	if err != nil {
		f.mark()
		return
	}
	if !now.present || now.sameContent(f.known) {
		return
	}
	f.known = now
	changed(f.name)
}

// read watches all there is and reads it, in this order: what comes into being
// after it was read is an event.
func (f *folder) read() (fingerprint, error) {
	f.watch(filepath.Dir(f.path), f) // sees the folder being replaced
	watched := map[string]bool{}
	for {
		now, err := take(f.path, f.exclude, nil)
		if err != nil {
			return now, err
		}
		complete := true
		for _, dir := range now.dirs {
			if !watched[dir] {
				f.watch(dir, f)
				watched[dir], complete = true, false
			}
		}
		if !complete {
			continue
		}
		for dir := range f.watched {
			if !watched[dir] {
				f.unwatch(dir, f)
			}
		}
		f.watched = watched
		return now, nil
	}
}

// concernedBy tells whether the folder has to be looked at for an event on
// `name`, which came because the path `watched` is. Of the folder's parent only
// the folder itself matters, and of editors' temporary files nothing does.
func (f *folder) concernedBy(name, watched string) bool {
	if watched == filepath.Dir(f.path) {
		return name == f.path
	}
	return name == watched || !tree.Temporary(name)
}
