// Package dispatch takes a request from the HTTP server to the handler and its
// answer back.
//
// The flow of one request, all on the goroutine of its connection:
//
//	check and copy the headers into a frame    request.go
//	find the endpoint                          routing
//	permit, body, guard, native slot           handler.go, body.go
//	whom a canary takes it for                 client.go
//	enter native code; the deadline scanner
//	  may answer 504 meanwhile                 call.go, conn.go, deadline.go
//	suspended: wait for operations or for a
//	  completion, and go on                    suspend.go
//	check and copy the answer, release         answer.go
//	count it                                   count.go
//	spins past its deadline: gets what is left
//	  over of the machine                      spinning.go, latethread.go
//
// Two things are done elsewhere: a request behind an answer that fasthttp still
// holds back runs on a goroutine of its own (pipelined.go), and a request that
// was answered without its handler is cleaned up by whoever returns last.
package dispatch
