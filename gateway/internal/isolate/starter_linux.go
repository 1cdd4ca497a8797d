package isolate

import (
	"runtime"
	"sync"
)

// starter is a thread of the gateway that starts processes. They get what
// confines it, and the kernel ends them with it; so it is one for good, and for
// nothing else.
type starter struct {
	work   chan func()
	bounds []string // one sentence for each thing that confines it, and for what does not
}

// starters are there for each directory that processes are not to see; "" for
// those that may see everything.
var starters struct {
	sync.Mutex
	of map[string]*starter
}

func starterFor(data, instances string, open bool) *starter {
	if open {
		data = ""
	}
	starters.Lock()
	defer starters.Unlock()
	if s := starters.of[data]; s != nil {
		return s
	}
	s := &starter{work: make(chan func())}
	ready := make(chan struct{})
	go func() {
		runtime.LockOSThread() // and never unlocked
		if !open {
			s.bounds = confineThread(data, instances)
		}
		close(ready)
		for f := range s.work {
			f()
		}
	}()
	<-ready
	if starters.of == nil {
		starters.of = map[string]*starter{}
	}
	starters.of[data] = s
	return s
}

// run calls f on the thread.
func (s *starter) run(f func() error) (err error) {
	done := make(chan struct{})
	s.work <- func() {
		defer close(done)
		err = f()
	}
	<-done
	return err
}
