package admin

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// maxJSON is how many bytes a body of JSON may have.
const maxJSON = 1 << 20

// readJSON reads the body of a request whole, so that what is wrong with the
// connection is not taken for what is wrong with the gateway, and so that
// nothing of the request runs under the deadline of reading it.
func (a *API) readJSON(limit int64, required bool) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		x := exchangeOf(ctx.Context())
		if p := contentType(x.r, "application/json"); p != nil && (required || hasBody(x.r)) {
			x.w.problem(p)
			return
		}
		_ = x.w.control.SetReadDeadline(time.Now().Add(a.limits.json))
		body, err := io.ReadAll(http.MaxBytesReader(x.w.ResponseWriter, x.r.Body, limit))
		if err != nil {
			x.w.problem(bodyProblem(err))
			return
		}
		_ = x.w.control.SetReadDeadline(time.Time{})
		digest := sha256.Sum256(body)
		x.body = hex.EncodeToString(digest[:])
		x.r.Body = io.NopCloser(bytes.NewReader(body))
		next(ctx)
	}
}

func hasBody(r *http.Request) bool { return r.ContentLength != 0 }

// contentType refuses a body that is of none of some types. One without a type
// is taken for JSON where that is among them.
func contentType(r *http.Request, types ...string) *Problem {
	given := r.Header.Get("Content-Type")
	if given == "" && slices.Contains(types, "application/json") {
		return nil
	}
	if name, _, err := mime.ParseMediaType(given); err == nil && slices.Contains(types, name) {
		return nil
	}
	return problem(http.StatusUnsupportedMediaType, "the body is of type %q; this takes %s", given, strings.Join(types, ", ")).
		with("Accept", strings.Join(types, ", "))
}

// bodyProblem tells why a body could not be read.
func bodyProblem(err error) *Problem {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return problem(http.StatusRequestEntityTooLarge, "the body has more than %d bytes", tooLarge.Limit)
	}
	var slow net.Error
	if errors.As(err, &slow) && slow.Timeout() {
		return problem(http.StatusRequestTimeout, "the body did not come in time").with("Connection", "close")
	}
	return problem(http.StatusBadRequest, "the body could not be read: %v", err).with("Connection", "close")
}

// uploadTypes refuses a body of another type before it is read.
func uploadTypes(types ...string) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		x := exchangeOf(ctx.Context())
		if p := contentType(x.r, types...); p != nil {
			x.w.problem(p)
			return
		}
		next(ctx)
	}
}

// upload is the body of a request as it comes over the connection. A client
// that stops sending is given up.
type upload struct {
	x     *exchange
	idle  time.Duration
	until time.Time
	err   error // why it could not be read to its end
}

func (a *API) newUpload(x *exchange) *upload {
	return &upload{x: x, idle: a.limits.uploadIdle, until: time.Now().Add(a.limits.upload)}
}

func (u *upload) Read(b []byte) (int, error) {
	deadline := time.Now().Add(u.idle)
	if deadline.After(u.until) {
		deadline = u.until
	}
	_ = u.x.w.control.SetReadDeadline(deadline)
	n, err := u.x.r.Body.Read(b)
	if err != nil {
		_ = u.x.w.control.SetReadDeadline(time.Time{}) // what follows may take its time
		if err != io.EOF {
			u.err = err
		}
	}
	return n, err
}

// restRead is how much of a body that is refused is read all the same: a client
// that still sends when the connection ends may never see the answer.
const restRead = 16 << 20

// problem is why it could not be read, or else what came of it.
func (u *upload) problem(err error) error {
	if u.err != nil && err != nil {
		return bodyProblem(u.err)
	}
	if err != nil {
		_, _ = io.CopyN(io.Discard, u, restRead)
	}
	return err
}
