package edge

import "time"

// HTTP sends requests. Only the hosts that the service allows are reached,
// redirects included. The trace context of the request that is being answered
// (traceparent, tracestate) and its x-request-id are passed on, unless the
// handler sets them itself.
type HTTP interface {
	// Do sends a request and gives the answer, whatever its status. [ErrDenied]:
	// the host, or where it leads, is not allowed; [ErrTooLarge]: the answer's
	// body is over [HTTPRequest.MaxBody].
	Do(HTTPRequest) (*HTTPResponse, error)

	// Get is Do for a URL alone.
	Get(url string) (*HTTPResponse, error)
}

// HTTPRequest is a request to another server.
type HTTPRequest struct {
	Method      string // "": GET, or POST with a body
	URL         string // http or https
	Headers     Fields
	Body        []byte        // nil: none
	Timeout     time.Duration // 0: the service's; the deadline holds in any case
	MaxBody     int64         // bytes of the answer; 0: the service's, which is the most
	NoRedirects bool          // give a 3xx as it is
}

// HTTPResponse is what another server answered.
type HTTPResponse struct {
	Status  int
	Headers Fields // in wire order, repeats kept
	Body    []byte
	URL     string        // that answered, after redirects
	Elapsed time.Duration // from the start of the operation to the end of the body
}
