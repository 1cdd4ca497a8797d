// Package gofunc runs a handler that is a Go function of this very program: the
// same function that could be compiled into a library, without one.
package gofunc

import (
	"errors"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// Host is what a Go function reaches of the gateway.
type Host interface {
	abi.Host
	// Binding finds the service that the endpoint is lent under that name.
	Binding(name string) (*service.Handle, bool)
}

// Module is a Go function as a module of the registry.
type Module struct {
	handler edge.Handler
	config  map[string]string
	host    Host
}

// New makes a module of a handler.
func New(h edge.Handler, config map[string]string, host Host) *Module {
	return &Module{handler: h, config: config, host: host}
}

// Enter answers the request in f. The handler gets copies of everything, so it
// may keep what it likes.
func (m *Module) Enter(f *abi.Frame) abi.Status {
	received, deadline := f.Times()
	r := &edge.Request{
		Method: string(f.Text(abi.TextMethod)), Scheme: string(f.Text(abi.TextScheme)),
		Host: string(f.Text(abi.TextHost)), Path: string(f.Text(abi.TextPath)),
		Query: string(f.Text(abi.TextQuery)), Peer: string(f.Text(abi.TextPeer)),
		ID:       string(f.Text(abi.TextRequestID)),
		Received: received, Deadline: deadline,
		Headers: make(edge.Fields, f.Headers()), Params: make(edge.Fields, f.Params()),
	}
	for n := range r.Headers {
		name, value := f.Header(n)
		r.Headers[n] = edge.Field{Name: string(name), Value: string(value)}
	}
	for n := range r.Params {
		name, value := f.Param(n)
		r.Params[n] = edge.Field{Name: string(name), Value: string(value)}
	}
	if body := f.Body(); body != nil {
		r.Body = append([]byte{}, body...)
	}
	services := &services{module: m, frame: f, request: r.ID, deadline: deadline}
	defer services.end()
	r.Services = services

	response, err := m.handler.Call(r)
	if err != nil {
		f.Fail(err.Error())
		var status edge.Status
		if errors.As(err, &status) && status < 0 {
			return abi.Status(status)
		}
		return abi.ErrInternal
	}
	headers := make([]abi.Pair, len(response.Headers))
	for n, h := range response.Headers {
		headers[n] = abi.Pair{Name: h.Name, Value: h.Value}
	}
	if err := f.Respond(response.Status, headers, response.Body); err != nil {
		f.Fail("the answer does not fit: " + err.Error())
		return abi.ErrNoMemory
	}
	return abi.OK
}

// A Go function blocks instead of suspending, so nothing below has work to do.

// Resume is never called: Enter does not return EG_AWAIT.
func (m *Module) Resume(*abi.Frame, abi.Status) abi.Status { return abi.ErrInternal }

// Operations is never called, for the same reason.
func (m *Module) Operations(*abi.Frame, time.Time) (*abi.Operations, error) {
	return nil, abi.ErrOperations
}

// Release has nothing to release: the answer lies in the frame.
func (m *Module) Release(*abi.Frame) {}

// Cancel does nothing: the handler sees its deadline.
func (m *Module) Cancel(uint64) {}

// Shutdown does nothing.
func (m *Module) Shutdown() {}

// Unload always succeeds: the function is the program's.
func (m *Module) Unload() (bool, error) { return true, nil }
