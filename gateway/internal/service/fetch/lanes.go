package fetch

import (
	"context"
	"sync"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/actor"
)

// lanes bound what is under way: so many requests at a time in all, so many to
// a host, and so many that wait. Requests to one host take at most half of the
// places to wait, so that a host that hangs leaves room for the others.
type lanes struct {
	slots   chan struct{} // one for each request that is being sent
	perHost int
	most    int // requests, waiting or not
	perLane int // of them to one host

	mu     sync.Mutex
	total  int
	byHost map[string]*lane
	closed bool
}

// lane is the way to one host, while there are requests to it.
type lane struct {
	host  string
	slots chan struct{}
	total int // under lanes.mu
}

func newLanes(workers, mailbox, perHost int) *lanes {
	perHost = max(1, min(perHost, workers))
	return &lanes{
		slots: make(chan struct{}, workers), perHost: perHost,
		most: workers + mailbox, perLane: perHost + (mailbox+1)/2, byHost: map[string]*lane{},
	}
}

// enter takes a place, and adds the request to running; leave gives it back.
func (l *lanes) enter(host string, running *sync.WaitGroup) (*lane, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, actor.ErrClosed
	}
	to := l.byHost[host]
	if l.total >= l.most || to != nil && to.total >= l.perLane {
		return nil, actor.ErrOverloaded
	}
	if to == nil {
		to = &lane{host: host, slots: make(chan struct{}, l.perHost)}
		l.byHost[host] = to
	}
	l.total++
	to.total++
	running.Add(1)
	return to, nil
}

func (l *lanes) leave(to *lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total--
	if to.total--; to.total == 0 {
		delete(l.byHost, to.host)
	}
}

// wait waits for the request's turn; free ends it.
func (l *lanes) wait(ctx context.Context, to *lane) error {
	select {
	case to.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case l.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		<-to.slots
		return ctx.Err()
	}
}

func (l *lanes) free(to *lane) {
	<-l.slots
	<-to.slots
}

func (l *lanes) waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(0, l.total-len(l.slots))
}

func (l *lanes) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
}
