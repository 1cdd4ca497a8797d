package worker

import "time"

// looked is how often it is looked after what native code may have changed.
const looked = 250 * time.Millisecond

// watch looks after what a process has only one of, until the worker drains. One
// that has lost what it needs ends, instead of being there and serving nobody.
func (w *worker) watch() {
	tick := time.NewTicker(looked)
	defer tick.Stop()
	for {
		select {
		case <-w.drains:
			return
		case <-tick.C:
		}
		w.umask.putBack()
		err := w.needs.lost()
		select {
		case <-w.drains: // it has closed them itself
			return
		default:
		}
		if err != nil {
			w.ended <- err
			return
		}
	}
}
