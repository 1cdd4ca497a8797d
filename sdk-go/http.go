package edge

import "time"

// HTTP sends requests. Only the hosts that the service allows are reached,
// redirects included. The trace context of the request that is being answered
// (traceparent, and with it tracestate) and its x-request-id, else its id, are
// passed on, unless the handler sets them itself. Framing and connection headers
// are the gateway's: those of a handler are dropped.
type HTTP interface {
	// Do sends a request and gives the answer, whatever its status. [ErrDenied]:
	// the host, or where it leads, is not allowed; [ErrTooLarge]: the answer's
	// body is over [HTTPRequest.MaxBody]; [ErrRefused]: too many redirects;
	// [ErrUnavailable]: the host cannot be reached, or its answer is cut off.
	Do(HTTPRequest) (*HTTPResponse, error)

	// Get is Do for a URL alone.
	Get(url string) (*HTTPResponse, error)
}

// HTTPRequest is a request to another server.
type HTTPRequest struct {
	Method      string // "": GET, or POST with a body
	URL         string // http or https, percent-encoded, without user
	Headers     Fields
	Body        []byte        // nil: none
	Timeout     time.Duration // 0: the service's, which is the most
	MaxBody     int64         // bytes of the answer; 0: the service's, which is the most
	NoRedirects bool          // give a 3xx as it is
}

// HTTPResponse is what another server answered.
type HTTPResponse struct {
	Status  int
	Headers Fields // by name, names written Like-This; repeats kept, in wire order
	Body    []byte
	URL     string        // that answered, after redirects
	Elapsed time.Duration // from the start of the operation to the end of the body
}
