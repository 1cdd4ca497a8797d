package isolate

import (
	"runtime"
	"sync"
)

// starter is the thread of this program that starts processes: the kernel ends
// them with it (Pdeathsig), so it is one for good, and for nothing else.
var starter struct {
	once sync.Once
	work chan func()
}

// onStarter calls f on the thread.
func onStarter(f func() error) (err error) {
	starter.once.Do(func() {
		starter.work = make(chan func())
		go func() {
			runtime.LockOSThread() // and never unlocked
			for f := range starter.work {
				f()
			}
		}()
	})
	done := make(chan struct{})
	starter.work <- func() {
		defer close(done)
		err = f()
	}
	<-done
	return err
}
