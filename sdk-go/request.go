package edge

import "time"

// Request is one request. The handler owns it and all of its content: text and
// body may be kept after the answer. The services may be used until then; later
// they answer [ErrStale].
type Request struct {
	Method string // as sent: "GET"
	Scheme string // "http" or "https"
	Host   string // lower case, without port; "" if the client sent none
	Path   string // normalised, still percent-encoded; what was routed
	Query  string // as sent, without '?'
	Peer   string // address and port of the client's end
	ID     string // unique per request; also in the logs

	Headers Fields // as sent, in wire order, repeats kept
	Params  Fields // path parameters in order of the path, percent-decoded
	Body    []byte // nil if there was none

	Received time.Time
	Deadline time.Time // after it the client has got a 504

	Services
}

// Param is the path parameter of that name, "" if the path has none.
func (r *Request) Param(name string) string {
	for _, p := range r.Params {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}
