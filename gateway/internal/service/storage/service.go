package storage

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/actor"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// maxWaiting bounds the bytes of bodies that a service holds for requests that
// wait or run: what a backend that stalls may cost.
const maxWaiting = 256 << 20

// Service is object storage by some driver. Safe for use from many goroutines.
type Service struct {
	name    string
	log     *slog.Logger
	backend Backend
	limits  Limits
	actor   *actor.Actor[Conn]
	waiting atomic.Int64 // bytes

	endpointPath    string
	endpointHandler edge.Handler

	mu        sync.Mutex
	closing   bool
	open      int           // uploads
	idle      chan struct{} // closed when closing and no upload is open
	abandoned []*upload
	reaping   bool
	reaper    sync.WaitGroup
	gone      chan struct{} // closed when Close returns
}

var _ service.Service = (*Service)(nil)

// New makes the service that a driver's Open returns. It connects when there is
// something to do.
func New(spec service.Spec, env service.Env, backend Backend, limits Limits) *Service {
	return &Service{
		name: spec.Name, log: env.Log, backend: backend, limits: limits,
		actor: actor.New[Conn](backend, spec.Actor(env)),
		idle:  make(chan struct{}), gone: make(chan struct{}),
	}
}

// Serve gives the service an HTTP side. Before anybody else uses it.
func (s *Service) Serve(path string, handler edge.Handler) {
	s.endpointPath, s.endpointHandler = path, handler
}

// Endpoint is the HTTP side of a service whose signed URLs lead to this
// gateway: a path with the parameter "key", and what answers GET, HEAD and PUT
// there. ok is false if there is none.
func (s *Service) Endpoint() (path string, handler edge.Handler, ok bool) {
	return s.endpointPath, s.endpointHandler, s.endpointHandler != nil
}

// ID implements service.Service.
func (s *Service) ID() string { return abi.StorageID }

// Probe implements service.Service.
func (s *Service) Probe(ctx context.Context) error {
	if err := s.backend.Probe(ctx); err != nil {
		return service.ErrorOf(err)
	}
	return nil
}

// Stats implements service.Service.
func (s *Service) Stats() actor.Stats { return s.actor.Stats() }

// Submit starts a request and returns at once. done is called exactly once,
// from any goroutine, perhaps before Submit returns; it must not block. Its error
// is a *service.Error. cancel says that nobody waits any more.
func (s *Service) Submit(call service.Call, r Request, done func(Result, error)) (cancel func()) {
	if err := s.admit(r); err != nil {
		done(Result{}, err)
		return func() {}
	}
	return s.submit(call, r, done)
}

// Do is Submit and waiting for the outcome.
func (s *Service) Do(call service.Call, r Request) (Result, error) {
	type outcome struct {
		result Result
		err    error
	}
	answer := make(chan outcome, 1)
	s.Submit(call, r, func(result Result, err error) { answer <- outcome{result, err} })
	o := <-answer
	return o.result, o.err
}

var errWaiting = &service.Error{Status: abi.ErrOverloaded, Message: "too many bytes wait for the backend"}

// admit makes room for the body of a request.
func (s *Service) admit(r Request) error {
	n := int64(r.weight())
	if now := s.waiting.Add(n); n > 0 && now > maxWaiting && now > n {
		s.waiting.Add(-n)
		return errWaiting
	}
	return nil
}

// submit is Submit for a request that was admitted.
func (s *Service) submit(call service.Call, r Request, done func(Result, error)) (cancel func()) {
	weight := int64(r.weight())
	finish := func(result Result, err error) {
		s.waiting.Add(-weight)
		if err != nil {
			err = service.ErrorOf(err)
		}
		done(result, err)
	}
	r, err := r.checked(s.limits)
	if err != nil {
		finish(Result{}, err)
		return func() {}
	}
	switch r := r.(type) {
	case Start:
		return s.start(call, r, finish)
	case Write:
		return s.resume(call, r.Upload, finish, func(ctx context.Context, c Conn, u *upload) (Result, error) {
			return Result{}, u.write(ctx, c, r.Bytes)
		})
	case Finish:
		return s.resume(call, r.Upload, finish, func(ctx context.Context, c Conn, u *upload) (Result, error) {
			object, err := u.finish(ctx, c, r.Bytes)
			return Result{Object: object}, err
		})
	case Abort:
		return s.resume(call, r.Upload, finish, func(ctx context.Context, c Conn, u *upload) (Result, error) {
			return Result{}, u.abort(ctx, c)
		})
	}
	return s.send(call, finish, func(ctx context.Context, c Conn) (Result, error) { return run(ctx, c, r) })
}

// send has a worker run something.
func (s *Service) send(call service.Call, done func(Result, error), work func(context.Context, Conn) (Result, error)) (cancel func()) {
	return s.actor.Send(actor.Message[Conn]{
		Deadline: call.Deadline,
		Run: func(ctx context.Context, c Conn) error {
			result, err := work(ctx, c)
			if err != nil {
				result = Result{}
			}
			done(result, err)
			return broken(err)
		},
		Fail: func(err error) { done(Result{}, err) },
	})
}

// broken is the error, if it says that a connection is not to be used again, or
// that the service is of no use.
func broken(err error) error {
	if err == nil {
		return nil
	}
	switch e := service.ErrorOf(err); {
	case e.Status == abi.ErrUnavailable, e.Status == abi.ErrUnknown, e.Status == abi.ErrDeadline:
		return err
	case e.Login:
		return actor.Kept(err)
	}
	return nil
}

func run(ctx context.Context, c Conn, r Request) (result Result, err error) {
	switch r := r.(type) {
	case Get:
		result.Object, err = c.Get(ctx, r)
	case Head:
		result.Object, err = c.Head(ctx, r)
	case Put:
		result.Object, err = c.Put(ctx, r)
	case Delete:
		err = c.Delete(ctx, r)
	case List:
		result.Page, err = c.List(ctx, r)
	case Copy:
		if r.From == r.To {
			result.Object, err = c.Head(ctx, Head{r.From})
		} else {
			result.Object, err = c.Copy(ctx, r)
		}
	case Presign:
		result.URL, err = c.Presign(ctx, r)
	default:
		err = service.Errorf(abi.ErrUnsupported, "no such operation")
	}
	return result, err
}

// Close implements service.Service. Uploads that are open may still be written
// to and finished until ctx ends.
func (s *Service) Close(ctx context.Context) error {
	s.mu.Lock()
	if !s.closing {
		s.closing = true
		s.checkIdle()
	}
	s.mu.Unlock()
	select {
	case <-s.idle:
	case <-ctx.Done():
	}
	err := s.actor.Close(ctx)
	s.mu.Lock()
	left := s.open
	select {
	case <-s.gone:
	default:
		close(s.gone)
	}
	s.mu.Unlock()
	reaped := make(chan struct{})
	go func() {
		s.reaper.Wait()
		close(reaped)
	}()
	select {
	case <-reaped:
	case <-ctx.Done(): // what it waits for ends with its own time
	}
	if left > 0 {
		err = errors.Join(err, service.Errorf(abi.ErrClosing, "service %q: %d uploads were still open", s.name, left))
	}
	return err
}
