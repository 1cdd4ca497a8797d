package actor

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// outage is what the log was told of connections that cannot be made: the first
// failure, and the first success after it.
type outage struct {
	told atomic.Bool // lets reached pass without the lock
	mu   sync.Mutex
	at   time.Time
}

// tellEvery bounds what a backend can write into the log that takes some
// connections and refuses others.
const tellEvery = 10 * time.Second

func (a *Actor[C]) unreached(err error) {
	o := &a.outage
	if o.told.Load() || errors.Is(err, context.Canceled) {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.told.Load() || !o.at.IsZero() && time.Since(o.at) < tellEvery {
		return
	}
	o.at = time.Now()
	o.told.Store(true)
	if a.opts.Log != nil {
		a.opts.Log.Warn("no connection to a service's backend; operations fail until there is one", "service", a.opts.Name, "error", err)
	}
}

func (a *Actor[C]) reached() {
	o := &a.outage
	if !o.told.Load() {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.told.CompareAndSwap(true, false) && a.opts.Log != nil {
		a.opts.Log.Info("a service's backend is connected again", "service", a.opts.Name)
	}
}
