package rawclient

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// DefaultTimeout bounds a write, and the reading of an answer.
const DefaultTimeout = 30 * time.Second

var (
	// ErrUnsolicited means that the server sent bytes to which there is no
	// request: it has answered one request twice, or its framing is off.
	ErrUnsolicited = errors.New("the server sent bytes that no request asked for")

	// ErrClosed means that the server closed the connection before the first
	// byte of an answer.
	ErrClosed = errors.New("the connection was closed without an answer")
)

// Conn is one connection. For one goroutine at a time.
type Conn struct {
	Timeout time.Duration // of a write, and of reading an answer

	conn net.Conn
	in   *bufio.Reader
}

// Dial connects over TCP. The caller closes the connection.
func Dial(addr string) (*Conn, error) {
	conn, err := net.DialTimeout("tcp", addr, DefaultTimeout)
	if err != nil {
		return nil, err
	}
	return NewConn(conn), nil
}

// NewConn speaks over a connection made elsewhere, over TLS for one. The Conn
// owns it.
func NewConn(conn net.Conn) *Conn {
	return &Conn{Timeout: DefaultTimeout, conn: conn, in: bufio.NewReader(conn)}
}

// Close closes the connection.
func (c *Conn) Close() error { return c.conn.Close() }

// CloseWrite tells the server that nothing more will be written.
func (c *Conn) CloseWrite() error {
	half, ok := c.conn.(interface{ CloseWrite() error })
	if !ok {
		return fmt.Errorf("a %T cannot be closed for writing alone", c.conn)
	}
	return half.CloseWrite()
}

// Do writes one request and reads its answer. An error means that the request
// has failed and that the connection is of no further use; so does
// [Response.Close] for the connection, after a good answer.
func (c *Conn) Do(request []byte) (*Response, error) {
	if c.in.Buffered() > 0 {
		return nil, ErrUnsolicited
	}
	method, _, _ := bytes.Cut(request, []byte{' '})
	written := c.Write(request)
	response, err := c.ReadResponse(string(method))
	if err == nil && c.in.Buffered() > 0 {
		return nil, ErrUnsolicited
	}
	if written != nil {
		if err != nil {
			return nil, errors.Join(written, err)
		}
		// The server had enough before the end, of a body too large for one,
		// and has said so: an answer like any other, the last one here.
		response.Close = true
	}
	return response, err
}

// Write sends bytes as they are: a request, several, or a part of one.
func (c *Conn) Write(b []byte) error {
	if err := c.conn.SetWriteDeadline(time.Now().Add(c.Timeout)); err != nil {
		return err
	}
	if _, err := c.conn.Write(b); err != nil {
		return fmt.Errorf("write a request: %w", err)
	}
	return nil
}

// ReadResponse reads the next final answer, past interim ones, and nothing
// behind it. method is that of the request it answers: HEAD and CONNECT have
// answers without a body.
func (c *Conn) ReadResponse(method string) (*Response, error) {
	if err := c.conn.SetReadDeadline(time.Now().Add(c.Timeout)); err != nil {
		return nil, err
	}
	return readResponse(c.in, method)
}

// AtEnd waits until the server closes the connection. It returns
// [ErrUnsolicited] if anything else comes first.
func (c *Conn) AtEnd() error {
	if err := c.conn.SetReadDeadline(time.Now().Add(c.Timeout)); err != nil {
		return err
	}
	_, err := c.in.ReadByte()
	switch {
	case err == nil:
		return ErrUnsolicited
	case errors.Is(err, io.EOF):
		return nil
	}
	return err
}
