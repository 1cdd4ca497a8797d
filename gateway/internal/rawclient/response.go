package rawclient

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	maxLine    = 1 << 20 // of a status line, a header, a chunk's size
	maxHeaders = 10_000
)

// Field is a header as it was sent.
type Field struct{ Name, Value string }

// Response is a whole answer.
type Response struct {
	Protocol string // "HTTP/1.1"
	Status   int
	Reason   string
	Headers  []Field // in wire order, repeats kept
	Body     []byte
	Trailers []Field
	Interim  []int // statuses of the 1xx answers before this one
	Close    bool  // the connection ends with this answer
}

// Header returns the first value of a header, "" without one.
func (r *Response) Header(name string) string {
	if values := r.Values(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// Values returns every value of a header in wire order.
func (r *Response) Values(name string) []string {
	var values []string
	for _, field := range r.Headers {
		if strings.EqualFold(field.Name, name) {
			values = append(values, field.Value)
		}
	}
	return values
}

func readResponse(in *bufio.Reader, method string) (*Response, error) {
	if _, err := in.Peek(1); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrClosed, err)
	}
	var interim []int
	for {
		r, err := readHead(in)
		if err != nil {
			return nil, fmt.Errorf("read the head of an answer: %w", whole(err))
		}
		if r.Status >= 200 || r.Status == 101 {
			r.Interim = interim
			if err := r.readBody(in, method); err != nil {
				return nil, fmt.Errorf("read the body of a %d: %w", r.Status, whole(err))
			}
			return r, nil
		}
		interim = append(interim, r.Status)
	}
}

// whole makes the end of the connection within an answer an error of its own.
func whole(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func readHead(in *bufio.Reader) (*Response, error) {
	line, err := readLine(in)
	if err != nil {
		return nil, err
	}
	protocol, rest, _ := strings.Cut(line, " ")
	code, reason, _ := strings.Cut(rest, " ")
	status, err := strconv.ParseUint(code, 10, 16)
	if err != nil || len(code) != 3 || status < 100 || protocol != "HTTP/1.1" && protocol != "HTTP/1.0" {
		return nil, fmt.Errorf("not a status line: %q", line)
	}
	r := &Response{Protocol: protocol, Status: int(status), Reason: reason}
	r.Headers, err = readFields(in)
	if err != nil {
		return nil, err
	}
	r.Close = protocol == "HTTP/1.0"
	for _, value := range r.Values("Connection") {
		for option := range strings.SplitSeq(value, ",") {
			switch strings.ToLower(strings.TrimSpace(option)) {
			case "close":
				r.Close = true
			case "keep-alive":
				if protocol == "HTTP/1.0" {
					r.Close = false
				}
			}
		}
	}
	return r, nil
}

func (r *Response) readBody(in *bufio.Reader, method string) error {
	lengths, codings := r.Values("Content-Length"), r.Values("Transfer-Encoding")
	if len(lengths) > 1 || len(codings) > 1 || len(lengths) == 1 && len(codings) == 1 {
		return fmt.Errorf("framed more than once: Content-Length %q, Transfer-Encoding %q", lengths, codings)
	}
	switch {
	case method == "HEAD" || r.Status == 101 || r.Status == 204 || r.Status == 304:
		return nil
	case method == "CONNECT" && r.Status < 300:
		return nil
	case len(codings) == 1:
		if !strings.EqualFold(codings[0], "chunked") {
			return fmt.Errorf("unknown Transfer-Encoding %q", codings[0])
		}
		return r.readChunks(in)
	case len(lengths) == 1:
		n, err := strconv.ParseUint(lengths[0], 10, 62)
		if err != nil {
			return fmt.Errorf("bad Content-Length %q", lengths[0])
		}
		return r.readBytes(in, int64(n))
	case r.Close:
		rest, err := io.ReadAll(in)
		r.Body = rest
		return err
	}
	return errors.New("no Content-Length, no Transfer-Encoding, and the connection is kept")
}

func (r *Response) readChunks(in *bufio.Reader) error {
	for {
		line, err := readLine(in)
		if err != nil {
			return err
		}
		size, _, _ := strings.Cut(line, ";")
		n, err := strconv.ParseUint(size, 16, 62)
		if err != nil {
			return fmt.Errorf("bad chunk size %q", line)
		}
		if n == 0 {
			r.Trailers, err = readFields(in)
			return err
		}
		if err := r.readBytes(in, int64(n)); err != nil {
			return err
		}
		if end, err := readLine(in); err != nil || end != "" {
			return errors.Join(err, fmt.Errorf("a chunk of %d bytes goes on with %q", n, end))
		}
	}
}

// readBytes appends n bytes to the body, taking memory only as they come.
func (r *Response) readBytes(in *bufio.Reader, n int64) error {
	for n > 0 {
		step := int(min(n, 1<<20))
		start := len(r.Body)
		r.Body = append(r.Body, make([]byte, step)...)
		if _, err := io.ReadFull(in, r.Body[start:]); err != nil {
			return err
		}
		n -= int64(step)
	}
	return nil
}

func readFields(in *bufio.Reader) ([]Field, error) {
	var fields []Field
	for {
		line, err := readLine(in)
		if err != nil || line == "" {
			return fields, err
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" || strings.ContainsAny(name, " \t") || len(fields) == maxHeaders {
			return nil, fmt.Errorf("not a header: %q", line)
		}
		fields = append(fields, Field{name, strings.Trim(value, " \t")})
	}
}

// readLine reads up to CR LF and returns what stands before it.
func readLine(in *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return "", err
		}
		if len(line) > maxLine {
			return "", fmt.Errorf("a line has more than %d bytes", maxLine)
		}
	}
	text, ok := strings.CutSuffix(string(line), "\r\n")
	if !ok || strings.ContainsAny(text, "\r\x00") {
		return "", fmt.Errorf("a line does not end in CR LF, or has a lone CR or NUL: %q", line)
	}
	return text, nil
}
