package export

/*
#include "edge_gateway_http.h"
*/
import "C"

import (
	"time"
	"unsafe"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// client is eg.http/1.
type client struct{ service }

func (c client) Do(r edge.HTTPRequest) (response *edge.HTTPResponse, err error) {
	var loan loan
	defer loan.end()
	args := C.eg_http_request{
		struct_size: C.sizeof_eg_http_request, method: loan.textOrAbsent(r.Method), url: loan.text(r.URL),
		body: loan.bytes(r.Body), timeout: C.int64_t(r.Timeout), max_body: C.uint64_t(r.MaxBody),
	}
	if r.NoRedirects {
		args.flags = C.EG_HTTP_NO_REDIRECTS
	}
	args.headers, args.header_count = lendFields(&loan, r.Headers)
	err = c.run(C.EG_HTTP_FETCH, lend(&loan, args), func(result unsafe.Pointer) {
		a := (*C.eg_http_response)(result)
		response = &edge.HTTPResponse{
			Status: int(a.status), Headers: cloneFields(a.headers, a.header_count),
			Body: clone(a.body), URL: string(view(a.url)), Elapsed: time.Duration(a.elapsed),
		}
	})
	return response, err
}
