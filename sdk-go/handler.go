// Package edge is what a handler of Edge Gateway is written against, in Go.
//
// A handler is an ordinary function from a request to an answer:
//
//	func hello(r *edge.Request) (*edge.Response, error) {
//		return edge.Text(200, "Hello, "+r.Param("name")+"!"), nil
//	}
//
// It is called from many goroutines at once. To make a handler library of it,
// hand it to [Handle] in an init function of package main and import the
// package export for its effect:
//
//	import (
//		edge "github.com/edge-gateway/edge-gateway/sdk-go"
//		_ "github.com/edge-gateway/edge-gateway/sdk-go/export"
//	)
//
//	func init() { edge.Handle(hello) }
//	func main() {} // never called
//
// A Go program that embeds the gateway gives it the same function directly, as
// a [Handler], with no library at all.
//
// This package knows nothing of C and of the gateway. It imports the standard
// library only.
package edge

import "errors"

// Handler answers one request. It may block: the thread it runs on is held
// meanwhile, and [Request.Deadline] says until when anybody waits.
//
// An error is a 500 for the client, or what its [Status] stands for, and its
// text a line in the log; the client never sees the text. A panic is taken for an error. What cannot be caught
// is a panic in a goroutine that the handler started (it ends the process, as
// in any Go program), runtime.Goexit and os.Exit.
type Handler func(*Request) (*Response, error)

var errNoResponse = errors.New("the handler returned neither a response nor an error")

// Call answers r by h. In contrast to calling h it never panics, and it
// returns either a response with its status set or an error: a [*PanicError]
// for a panic. It is how a gateway calls a handler; tests of a handler may
// too.
func (h Handler) Call(r *Request) (response *Response, err error) {
	defer func() {
		if v := recover(); v != nil {
			response, err = nil, Recovered(v)
		}
	}()
	response, err = h(r)
	switch {
	case err != nil:
		return nil, err
	case response == nil:
		return nil, errNoResponse
	case response.Status == 0:
		answer := *response
		answer.Status = 200
		return &answer, nil
	}
	return response, nil
}
