package storage

import (
	"context"
	"sync"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// maxUploads is how many uploads a request may have open at a service.
const maxUploads = 16

// uploadsOf is the key under which the scope of a request keeps its uploads at
// the service of that name. It is the name and not the Service, so that an
// upload goes on where it began after the service has been replaced.
type uploadsOf string

type uploads struct {
	mu   sync.Mutex
	last uint64
	open map[uint64]*upload
}

// upload is one upload. It belongs to a scope, and is run by the service that
// began it.
type upload struct {
	owner *Service
	list  *uploads
	id    uint64
	limit int64
	turn  chan struct{} // holds one value while somebody uses what is below

	driver Upload
	size   int64
	spoilt bool // a write did not end well: what is there is not the object
}

var errNoUpload = &service.Error{Status: abi.ErrNotFound, Message: "no such upload"}

func (s *Service) start(call service.Call, r Start, done func(Result, error)) (cancel func()) {
	refuse := func(status abi.Status, why string) func() {
		done(Result{}, &service.Error{Status: status, Message: why})
		return func() {}
	}
	if call.Scope == nil {
		return refuse(abi.ErrUnsupported, "an upload belongs to a request; there is none")
	}
	list := call.Scope.Value(uploadsOf(s.name), func() any { return &uploads{open: map[uint64]*upload{}} }).(*uploads)
	u := &upload{owner: s, list: list, limit: s.limits.Object, turn: make(chan struct{}, 1), size: int64(len(r.Body)), spoilt: true}
	if !s.enter() {
		return refuse(abi.ErrClosing, "the service is being taken away")
	}
	if !list.add(u) {
		s.leave()
		return refuse(abi.ErrOverloaded, "the request has too many uploads open")
	}
	// Its turn is taken before anybody knows of it, so that the end of the
	// request, which waits for a turn, finds whatever there is then.
	u.turn <- struct{}{}
	if !call.Scope.OnEnd(func() {
		if list.find(u.id) != nil {
			s.abandon(u)
		}
	}) {
		u.end()
		return refuse(abi.ErrStale, "the request has been answered")
	}
	return s.send(call, func(result Result, err error) {
		if err != nil {
			u.end()
		}
		<-u.turn
		done(result, err)
	}, func(ctx context.Context, c Conn) (Result, error) {
		driver, err := c.Start(ctx, r)
		if err != nil {
			return Result{}, err
		}
		u.driver, u.spoilt = driver, false
		return Result{Upload: u.id}, nil
	})
}

// resume has a worker of the upload's own service do something with it, when it
// is its turn.
func (s *Service) resume(call service.Call, id uint64, done func(Result, error), work func(context.Context, Conn, *upload) (Result, error)) (cancel func()) {
	var u *upload
	if call.Scope != nil {
		if list, ok := call.Scope.Value(uploadsOf(s.name), nil).(*uploads); ok {
			u = list.find(id)
		}
	}
	if u == nil {
		done(Result{}, errNoUpload)
		return func() {}
	}
	return u.owner.send(call, done, func(ctx context.Context, c Conn) (Result, error) {
		select {
		case u.turn <- struct{}{}:
			defer func() { <-u.turn }()
		case <-ctx.Done():
			return Result{}, ctx.Err()
		}
		if u.spoilt || u.list.find(u.id) == nil || call.Scope.Ended() {
			return Result{}, errNoUpload
		}
		return work(ctx, c, u)
	})
}

// write, finish and abort are called in turn.

func (u *upload) write(ctx context.Context, c Conn, part []byte) error {
	if err := u.grow(len(part)); err != nil {
		return err
	}
	u.spoilt = true // should this panic
	if err := c.Write(ctx, u.driver, part); err != nil {
		u.owner.abandon(u)
		return err
	}
	u.spoilt = false
	return nil
}

func (u *upload) finish(ctx context.Context, c Conn, last []byte) (*Object, error) {
	if err := u.grow(len(last)); err != nil {
		return nil, err
	}
	u.spoilt = true
	object, err := c.Finish(ctx, u.driver, last)
	if err != nil {
		u.owner.abandon(u)
		return nil, err
	}
	u.end()
	return object, nil
}

func (u *upload) abort(ctx context.Context, c Conn) error {
	u.spoilt = true
	if err := c.Abort(ctx, u.driver); err != nil {
		u.owner.abandon(u)
		return err
	}
	u.end()
	return nil
}

func (u *upload) grow(n int) error {
	if u.size+int64(n) > u.limit {
		return tooLarge(int(u.size)+n, u.limit)
	}
	u.size += int64(n)
	return nil
}

// end takes the upload off the lists, once.
func (u *upload) end() {
	u.list.mu.Lock()
	_, open := u.list.open[u.id]
	delete(u.list.open, u.id)
	u.list.mu.Unlock()
	if open {
		u.owner.leave()
	}
}

func (l *uploads) add(u *upload) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) == maxUploads {
		return false
	}
	l.last++
	u.id = l.last
	l.open[u.id] = u
	return true
}

func (l *uploads) find(id uint64) *upload {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open[id]
}

// enter and leave count the uploads that Close waits for.
func (s *Service) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.open++
	return true
}

func (s *Service) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	s.checkIdle()
}

func (s *Service) checkIdle() {
	if s.closing && s.open == 0 {
		select {
		case <-s.idle:
		default:
			close(s.idle)
		}
	}
}
