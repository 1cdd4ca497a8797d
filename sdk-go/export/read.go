package export

/*
#include "edge_gateway.h"
*/
import "C"

import (
	"bytes"
	"time"
	"unsafe"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// call is one request with what serves it.
type call struct {
	request  edge.Request
	services services
}

// readRequest copies a request into Go memory, in one piece for all of its
// text: whatever the handler keeps of it stays valid.
func readRequest(host *C.eg_host, c *C.eg_request) *call {
	call := &call{services: services{host: host, token: c.token}}

	headers := viewFields(c.headers, c.header_count)
	params := viewFields(c.params, c.param_count)
	single := [...]C.eg_bytes{c.method, c.scheme, c.host, c.path, c.query, c.peer, c.request_id}
	size := textSize(headers) + textSize(params)
	for _, b := range single {
		size += int(b.len)
	}
	text := make(text, 0, size)

	r := &call.request
	r.Method = text.copy(single[0])
	r.Scheme = text.copy(single[1])
	r.Host = text.copy(single[2])
	r.Path = text.copy(single[3])
	r.Query = text.copy(single[4])
	r.Peer = text.copy(single[5])
	r.ID = text.copy(single[6])
	r.Headers = text.copyFields(headers)
	r.Params = text.copyFields(params)
	if c.body_kind == C.EG_BODY_WHOLE {
		r.Body = bytes.Clone(view(c.body))
		if r.Body == nil {
			r.Body = []byte{}
		}
	}
	r.Received = time.Unix(0, int64(c.received))
	r.Deadline = time.Unix(0, int64(c.deadline))
	r.Services = &call.services
	return call
}

func readInit(c *C.eg_init) *edge.Instance {
	config := viewFields(c.config, c.config_count)
	text := make(text, 0, textSize(config)+int(c.endpoint.len))
	return &edge.Instance{
		Endpoint: text.copy(c.endpoint),
		Config:   text.copyFields(config),
		Trial:    c.flags&C.EG_INIT_TRIAL != 0,
	}
}

// text is a block that strings are cut from.
type text []byte

// copy appends b and returns it as a string. Sound because what was appended
// is never written again: the block only grows, and when it has to move, the
// strings keep the old one.
func (t *text) copy(b C.eg_bytes) string {
	start := len(*t)
	*t = append(*t, view(b)...)
	return unsafe.String(unsafe.SliceData((*t)[start:]), len(*t)-start)
}

func (t *text) copyFields(fields []C.eg_field) edge.Fields {
	if len(fields) == 0 {
		return nil
	}
	copies := make(edge.Fields, len(fields))
	for i := range fields {
		copies[i] = edge.Field{Name: t.copy(fields[i].name), Value: t.copy(fields[i].value)}
	}
	return copies
}

func textSize(fields []C.eg_field) (size int) {
	for i := range fields {
		size += int(fields[i].name.len + fields[i].value.len)
	}
	return size
}

// view and viewFields are the host's own memory: sound to read until the
// export that got it returns, by the header's promise, and not kept here.
func view(b C.eg_bytes) []byte {
	return unsafe.Slice((*byte)(b.ptr), int(b.len))
}

func viewFields(first *C.eg_field, count C.uint64_t) []C.eg_field {
	return unsafe.Slice(first, int(count))
}

// clone copies bytes of a result, which are there.
func clone(b C.eg_bytes) []byte { return append([]byte{}, view(b)...) }

// cloneFields copies fields of a result.
func cloneFields(first *C.eg_field, count C.uint64_t) edge.Fields {
	fields := viewFields(first, count)
	text := make(text, 0, textSize(fields))
	return text.copyFields(fields)
}

// moment is Unix time in nanoseconds; 0 stands for none.
func moment(nanoseconds C.int64_t) time.Time {
	if nanoseconds == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(nanoseconds)).UTC()
}
