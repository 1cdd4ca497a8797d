package abi

// edge_gateway_http.h: the structs field for field, see layout.go.

// HTTPID is the id of the service.
const HTTPID = "eg.http/1"

// Operations, as the header has them.
const (
	HTTPFetchOp = 1
)

// Values of fields, as the header has them.
const (
	HTTPNoRedirects = 1
)

// HTTPRequest is eg_http_request.
type HTTPRequest struct {
	StructSize  uint32
	Flags       uint32
	Method      Bytes
	URL         Bytes
	Headers     uintptr
	HeaderCount uint64
	Body        Bytes
	Timeout     int64
	MaxBody     uint64
}

// HTTPResponse is eg_http_response.
type HTTPResponse struct {
	StructSize  uint32
	Status      int32
	Headers     uintptr
	HeaderCount uint64
	Body        Bytes
	URL         Bytes
	Elapsed     int64
}
