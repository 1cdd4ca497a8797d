package control

import (
	"context"
	"sync"
)

// locks are locks by name. One that nobody holds or waits for takes no memory.
type locks struct {
	mu    sync.Mutex
	named map[string]*lock
}

type lock struct {
	held  chan struct{} // has room for the one that holds it
	users int           // who hold it or wait; guarded by locks.mu
}

// take locks a name, unless ctx ends before that.
func (l *locks) take(ctx context.Context, name string) (release func(), err error) {
	l.mu.Lock()
	if l.named == nil {
		l.named = map[string]*lock{}
	}
	one := l.named[name]
	if one == nil {
		one = &lock{held: make(chan struct{}, 1)}
		l.named[name] = one
	}
	one.users++
	l.mu.Unlock()
	leave := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if one.users--; one.users == 0 {
			delete(l.named, name)
		}
	}
	select {
	case one.held <- struct{}{}:
		return sync.OnceFunc(func() {
			<-one.held
			leave()
		}), nil
	case <-ctx.Done():
		leave()
		return nil, context.Cause(ctx)
	}
}
