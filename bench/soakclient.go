package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// wire is one kept connection, over which nothing is ever sent twice: a request
// that was written and has no whole answer is lost.
type wire struct {
	conn   net.Conn
	in     *bufio.Reader
	dialed time.Time
	body   []byte
}

// reply is an answer, valid until the next one.
type reply struct {
	status     int
	kind       []byte // Content-Type
	retryAfter bool
	last       bool // the server closes the connection
	body       []byte
}

// wireTimeout bounds what has no other bound: with it nothing hangs for ever.
const wireTimeout = 20 * time.Second

func dialWire(address string) (*wire, error) {
	dialed := time.Now()
	conn, err := net.DialTimeout("tcp", address, wireTimeout)
	if err != nil {
		return nil, err
	}
	return &wire{conn: conn, in: bufio.NewReader(conn), dialed: dialed}, nil
}

func (w *wire) close() { _ = w.conn.Close() }

// do writes a request and reads its answer. After an error the connection is of
// no further use.
func (w *wire) do(request []byte) (reply, error) {
	if w.in.Buffered() > 0 {
		return reply{}, errors.New("the server sent bytes that nobody had asked for")
	}
	if err := w.conn.SetDeadline(time.Now().Add(wireTimeout)); err != nil {
		return reply{}, err
	}
	if _, err := w.conn.Write(request); err != nil {
		return reply{}, err
	}
	r, length, err := w.head()
	if err != nil {
		return reply{}, err
	}
	if cap(w.body) < length {
		w.body = make([]byte, length)
	}
	r.body = w.body[:length]
	if _, err := io.ReadFull(w.in, r.body); err != nil {
		return reply{}, fmt.Errorf("the answer broke off: %w", err)
	}
	return r, nil
}

func (w *wire) head() (r reply, length int, err error) {
	line, err := w.line()
	if err != nil {
		return r, 0, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return r, 0, fmt.Errorf("no status line: %q", line)
	}
	if r.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return r, 0, fmt.Errorf("no status line: %q", line)
	}
	length = -1
	for {
		line, err := w.line()
		if err != nil {
			return r, 0, err
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil || length < 0 {
				return r, 0, fmt.Errorf("no length: %q", line)
			}
		case bytes.EqualFold(name, []byte("Content-Type")):
			r.kind = bytes.Clone(value)
		case bytes.EqualFold(name, []byte("Retry-After")):
			r.retryAfter = true
		case bytes.EqualFold(name, []byte("Connection")):
			r.last = bytes.EqualFold(value, []byte("close"))
		}
	}
	if length < 0 {
		return r, 0, errors.New("an answer without Content-Length")
	}
	return r, length, nil
}

func (w *wire) line() ([]byte, error) {
	line, err := w.in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	text, whole := bytes.CutSuffix(line, []byte("\r\n"))
	if !whole {
		return nil, fmt.Errorf("a line does not end in CR LF: %q", line)
	}
	return text, nil
}

// askFresh asks once over a connection of its own.
func askFresh(address, path string) (reply, error) {
	w, err := dialWire(address)
	if err != nil {
		return reply{}, err
	}
	defer w.close()
	return w.do([]byte("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n"))
}
