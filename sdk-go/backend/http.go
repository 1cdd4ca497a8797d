package backend

import edge "github.com/edge-gateway/edge-gateway/sdk-go"

// HTTP is what a gateway has of outbound requests.
type HTTP interface {
	Do(edge.HTTPRequest) (*edge.HTTPResponse, error)
}

// NewHTTP makes the service of a backend.
func NewHTTP(b HTTP) edge.HTTP { return client{b} }

type client struct{ HTTP }

func (c client) Do(r edge.HTTPRequest) (*edge.HTTPResponse, error) {
	if r.MaxBody < 0 {
		return nil, failure(edge.ErrInvalid, "a bound of %d bytes", r.MaxBody)
	}
	return c.HTTP.Do(r)
}

func (c client) Get(url string) (*edge.HTTPResponse, error) {
	return c.Do(edge.HTTPRequest{URL: url})
}
