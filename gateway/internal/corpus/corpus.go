// Package corpus holds requests that no HTTP server should serve: malformed
// ones, and ones made so that two servers on one path disagree about where a
// request ends. Each has to be refused with 400 to 499, 501 or 505, or its
// connection closed; it must not have two answers, and no handler may run.
//
// Two leniences that RFC 9112 permits and that hide nothing are left out:
// empty lines before a request, and a request line that ends in LF alone.
package corpus

import (
	"slices"
	"strings"
)

// Request is one entry.
type Request struct {
	Name  string // unique
	Bytes []byte // what is written; the client then closes its side

	// Smuggles says that a second request stands behind or inside this one,
	// for a server that reads the framing the wrong way. A second answer is
	// the proof.
	Smuggles bool
}

// Requests returns all entries.
func Requests() []Request {
	return slices.Concat(lengths(), codings(), chunks(), headers(), hosts(), requestLines(), targets(), noHTTP())
}

const (
	hostLine = "Host: corpus.test\r\n"
	good     = "GET /good HTTP/1.1\r\n" + hostLine + "\r\n"
	smuggled = "GET /smuggled HTTP/1.1\r\n" + hostLine + "\r\n"
)

func entry(name, text string) Request {
	return Request{Name: name, Bytes: []byte(text), Smuggles: strings.Contains(text, "/smuggled")}
}

// get is a good request but for the header lines given.
func get(name, lines string) Request {
	return entry(name, "GET / HTTP/1.1\r\n"+hostLine+lines+"\r\n")
}

// post is a good request but for the header lines and the body given.
func post(name, lines, body string) Request {
	return entry(name, "POST / HTTP/1.1\r\n"+hostLine+lines+"\r\n"+body)
}

// line is a good request but for its request line.
func line(name, first string) Request {
	return entry(name, first+"\r\n"+hostLine+"\r\n")
}
