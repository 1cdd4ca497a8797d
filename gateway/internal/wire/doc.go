// Package wire holds the rules for what may come in and go out on an HTTP/1
// connection: request targets, paths, header blocks and the headers of an
// answer.
//
// The HTTP server below the gateway is lenient where another HTTP
// implementation in front of it may be strict, and that difference is what
// request smuggling lives on. So a request is served only when this package
// finds one way to read it; everything else is a [Refusal].
//
// Functions work on the bytes of the connection's buffer and return parts of
// it: what they return is valid as long as the buffer is. Requests that
// already have their normal form cost no allocation. Nothing here keeps state
// between calls or may be called from two goroutines on the same value.
package wire
