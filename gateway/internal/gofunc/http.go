package gofunc

import (
	"bytes"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/fetch"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	"github.com/edge-gateway/edge-gateway/sdk-go/backend"
)

// fetching sends the requests of a handler.
type fetching struct{ lent[*fetch.Service] }

func (s *services) HTTP(name string) (edge.HTTP, error) {
	l, err := lend[*fetch.Service](s, name)
	if err != nil {
		return nil, err
	}
	return backend.NewHTTP(fetching{l}), nil
}

func (f fetching) Do(r edge.HTTPRequest) (*edge.HTTPResponse, error) {
	request := fetch.Request{
		Method: r.Method, URL: r.URL, Body: bytes.Clone(r.Body), Timeout: r.Timeout, MaxBody: r.MaxBody, NoRedirects: r.NoRedirects,
	}
	for _, h := range r.Headers {
		request.Headers = append(request.Headers, fetch.Header{Name: h.Name, Value: h.Value})
	}
	result, err := await(f.lent, edge.ErrDeadline, func(s *fetch.Service, call service.Call, done func(fetch.Result, error)) func() {
		return s.Submit(call, request, done)
	})
	if err != nil {
		return nil, err
	}
	response := &edge.HTTPResponse{Status: result.Status, Body: result.Body, URL: result.URL, Elapsed: result.Elapsed}
	for _, h := range result.Headers {
		response.Headers = append(response.Headers, edge.Field{Name: h.Name, Value: h.Value})
	}
	return response, nil
}
