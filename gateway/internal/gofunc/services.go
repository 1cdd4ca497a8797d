package gofunc

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// services is what the handler of one request has of the gateway. A handler may
// keep it, so the frame, which is another request's later, is used under the
// lock and until the end alone.
type services struct {
	module   *Module
	request  string
	deadline time.Time

	mu    sync.Mutex
	frame *abi.Frame // nil: the request has been answered
	scope *abi.Scope
}

// end takes the frame away.
func (s *services) end() {
	s.mu.Lock()
	s.frame = nil
	s.mu.Unlock()
}

// call says for whom an operation runs; false if that is nobody any more.
func (s *services) call() (service.Call, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frame == nil {
		return service.Call{}, false
	}
	if s.scope == nil {
		if s.scope = s.frame.Scope(); s.scope == nil {
			return service.Call{}, false
		}
	}
	return service.Call{Scope: s.scope, Deadline: s.deadline, RequestID: s.request, Header: s.header}, true
}

// header is the first header of the request with that name.
func (s *services) header(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frame == nil {
		return ""
	}
	for n := range s.frame.Headers() {
		if key, value := s.frame.Header(n); strings.EqualFold(string(key), name) {
			return string(value)
		}
	}
	return ""
}

func (s *services) Sleep(d time.Duration) error {
	if _, ok := s.call(); !ok {
		return edge.ErrStale
	}
	if left := time.Until(s.deadline); d > left {
		time.Sleep(left)
		return edge.ErrDeadline
	}
	time.Sleep(d)
	return nil
}

func (s *services) Config(name string) (string, bool) {
	value, ok := s.module.config[name]
	return value, ok
}

func (s *services) Log(level edge.Level, message string) {
	levels := map[edge.Level]slog.Level{
		edge.LevelDebug: slog.LevelDebug, edge.LevelInfo: slog.LevelInfo,
		edge.LevelWarn: slog.LevelWarn, edge.LevelError: slog.LevelError,
	}
	s.module.host.Log(levels[level], s.request, message)
}

// lent is a service as the handler of one request reaches it.
type lent[S service.Service] struct {
	*services
	handle *service.Handle
}

// binding is the service itself, for another one that works on it.
func (l lent[S]) binding() *service.Handle { return l.handle }

// lend finds a service, taken for one of the kind S.
func lend[S service.Service](s *services, name string) (lent[S], error) {
	handle, ok := s.module.host.Binding(name)
	if !ok {
		return lent[S]{}, &edge.ServiceError{Status: edge.ErrDenied, Subject: name, Message: fmt.Sprintf("service %q: %v", name, edge.ErrDenied)}
	}
	return lent[S]{s, handle}, nil
}

// await starts an operation and waits for its outcome. cut is what a caller
// gets that has waited until the deadline.
func await[S service.Service, R any](l lent[S], cut edge.Status, start func(s S, call service.Call, done func(R, error)) (cancel func())) (R, error) {
	type outcome struct {
		result R
		err    error
	}
	call, open := l.call()
	if !open {
		return *new(R), &edge.ServiceError{Status: edge.ErrStale}
	}
	answer := make(chan outcome, 1)
	var cancel func()
	done := func(result R, err error) { answer <- outcome{result, err} }
	active := l.handle.With(func(running service.Service) {
		if s, ok := running.(S); ok {
			cancel = start(s, call, done)
		} else { // both may change while the handler holds it
			done(*new(R), service.Mistaken(l.handle.Name, running, (*new(S)).ID()))
		}
	})
	if !active {
		done(*new(R), service.Errorf(abi.ErrUnavailable, "%s", l.handle.Refuse()))
	}
	timer := time.NewTimer(time.Until(l.deadline))
	defer timer.Stop()
	select {
	case o := <-answer:
		return o.result, errorOf(o.err)
	case <-timer.C:
		if cancel != nil {
			cancel()
		}
		return *new(R), &edge.ServiceError{Status: cut}
	}
}

func errorOf(err error) error {
	if err == nil {
		return nil
	}
	e := service.ErrorOf(err)
	return &edge.ServiceError{Status: edge.Status(e.Status), Message: e.Message, Code: e.Code, Subject: e.Subject, Position: e.Position}
}
