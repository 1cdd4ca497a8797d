package dispatch

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/edge-gateway/edge-gateway/abi"
)

// readBody reads the body into the frame, at most limit bytes. Nothing of a
// body over the limit is kept. When it returns false the request is answered.
func (r *request) readBody() bool {
	limit := r.endpoint.Limits().MaxBody
	length, chunked := r.scanner.ContentLength(), r.scanner.Chunked()
	if length < 0 && !chunked {
		return true
	}
	if length > limit {
		return r.tooLarge(limit)
	}
	var body []byte
	var err error
	from := r.ctx.RequestBodyStream()
	switch {
	case from == nil:
		body = []byte{}
	case chunked:
		body, err = r.readChunks(from, limit)
	default:
		if body, err = r.frame.Room(int(length)); err == nil {
			_, err = io.ReadFull(from, body)
		}
	}
	if errors.Is(err, errTooLarge) {
		return r.tooLarge(limit)
	}
	if err == nil {
		err = r.frame.SetBody(body)
	}
	if errors.Is(err, abi.ErrMemory) {
		return r.refuse(err)
	}
	if err != nil {
		status := statusOf(err)
		refuse(r.ctx, status, "the body could not be read")
		r.ctx.SetConnectionClose()
		r.refused(err.Error())
		return false
	}
	return true
}

var errTooLarge = errors.New("the body is over the limit")

// readChunks reads a body of unknown length into rooms of growing size.
func (r *request) readChunks(from io.Reader, limit int64) ([]byte, error) {
	room, err := r.frame.Room(4 << 10)
	if err != nil {
		return nil, err
	}
	n := 0
	for {
		if n == len(room) {
			if int64(n) > limit {
				return nil, errTooLarge
			}
			larger, err := r.frame.Room(int(min(int64(n)*4, limit+1)))
			if err != nil {
				return nil, err
			}
			copy(larger, room)
			room = larger
		}
		k, err := from.Read(room[n:])
		n += k
		if int64(n) > limit {
			return nil, errTooLarge
		}
		if err == io.EOF {
			return room[:n], nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// tooLarge answers 413. The connection ends, since the body is not read.
func (r *request) tooLarge(limit int64) bool {
	refuse(r.ctx, http.StatusRequestEntityTooLarge, fmt.Sprintf("this endpoint takes at most %d bytes", limit))
	r.ctx.SetConnectionClose()
	r.refused("the body is over max_body")
	return false
}

// unroutedBody ends the connection if a body follows that nobody will read.
// fasthttp reads a short rest of it by itself.
func (r *request) unroutedBody() {
	if r.scanner.Chunked() || r.scanner.ContentLength() > 64<<10 {
		r.ctx.SetConnectionClose()
	}
}
