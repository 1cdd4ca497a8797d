package fetch

import (
	"net/http"
	"sort"
	"strings"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/wire"
)

// ours are the headers that belong to the connection or frame the message, and
// Host, by which a server might be told that it is another one than was
// allowed. From a handler they are dropped.
var ours = map[string]bool{
	"Connection": true, "Keep-Alive": true, "Proxy-Connection": true, "Proxy-Authenticate": true, "Proxy-Authorization": true,
	"Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true, "Http2-Settings": true,
	"Content-Length": true, "Host": true, "Expect": true,
}

// headerOf checks the headers of a handler and leaves out ours, and those that
// a Connection header names.
func headerOf(list []Header) (http.Header, error) {
	if len(list) > maxHeaders {
		return nil, service.Errorf(abi.ErrTooLarge, "%d headers; at most %d can be sent", len(list), maxHeaders)
	}
	header := make(http.Header, len(list)+4)
	size := 0
	var connection []string
	for n, h := range list {
		if !wire.ValidName([]byte(h.Name)) {
			return nil, &service.Error{Status: abi.ErrInvalid, Message: "a header's name is no token", Position: n}
		}
		if !sendable(h.Value) {
			return nil, &service.Error{Status: abi.ErrInvalid, Message: "a header's value has a control character", Subject: h.Name, Position: n}
		}
		if size += len(h.Name) + len(h.Value); size > maxHeader {
			return nil, service.Errorf(abi.ErrTooLarge, "headers of more than %d bytes", maxHeader)
		}
		name := http.CanonicalHeaderKey(h.Name)
		if name == "Connection" {
			connection = append(connection, strings.Split(h.Value, ",")...)
		}
		if !ours[name] {
			header[name] = append(header[name], h.Value)
		}
	}
	for _, name := range connection {
		header.Del(strings.TrimSpace(name))
	}
	if _, set := header["User-Agent"]; !set {
		header["User-Agent"] = []string{"edge-gateway"}
	}
	return header, nil
}

// sendable tells whether a value is one value and nothing more: without it, a
// handler would write headers, or whole requests, of its client's making.
func sendable(value string) bool {
	for n := range len(value) {
		if c := value[n]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// passOn adds the trace context and the id of the request that a call is for,
// unless the handler has set its own. A tracestate says something about its
// traceparent, so it comes with that one only.
func passOn(call service.Call, header http.Header) {
	incoming := func(name string) string {
		if call.Header == nil {
			return ""
		}
		return call.Header(name)
	}
	pass := func(name, value string) bool {
		if _, set := header[http.CanonicalHeaderKey(name)]; set || value == "" || !sendable(value) {
			return false
		}
		header.Set(name, value)
		return true
	}
	if pass("traceparent", incoming("traceparent")) {
		pass("tracestate", incoming("tracestate"))
	}
	if id := incoming("x-request-id"); id == "" || !pass("x-request-id", id) {
		pass("x-request-id", call.RequestID)
	}
}

// listOf is the header of an answer as a list.
func listOf(header http.Header) []Header {
	names := make([]string, 0, len(header))
	for name := range header {
		names = append(names, name)
	}
	sort.Strings(names)
	list := make([]Header, 0, len(header))
	for _, name := range names {
		for _, value := range header[name] {
			list = append(list, Header{name, value})
		}
	}
	return list
}
