package directory

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// endpoint is the HTTP side: GET, HEAD and PUT of the key in a signed URL.
type endpoint struct {
	service *storage.Service
	signer  *signer
}

func (e *endpoint) answer(r *edge.Request) (*edge.Response, error) {
	key, method := r.Param("key"), r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	ok, err := e.signer.check(method, key, r.Query)
	if err != nil {
		return e.failed(err)
	}
	if !ok {
		return edge.Text(http.StatusForbidden, "the URL is not signed for this, or has expired\n"), nil
	}
	if method == http.MethodPut {
		return e.put(r, key)
	}
	return e.get(r, key)
}

func (e *endpoint) call(r *edge.Request) service.Call {
	return service.Call{Deadline: r.Deadline, RequestID: r.ID}
}

func (e *endpoint) put(r *edge.Request, key string) (*edge.Response, error) {
	result, err := e.service.Do(e.call(r), storage.Put{Key: key, ContentType: r.Headers.Get("content-type"), Body: r.Body})
	if err != nil {
		return e.failed(err)
	}
	return &edge.Response{Status: http.StatusOK, Headers: edge.Fields{{Name: "ETag", Value: quoted(result.Object.ETag)}}}, nil
}

// get answers with the object, or the part that is asked for. What decides
// about that, size and etag, is read first, and the body then with that etag.
func (e *endpoint) get(r *edge.Request, key string) (*edge.Response, error) {
	for try := 0; ; try++ {
		result, err := e.service.Do(e.call(r), storage.Head{Key: key})
		if err != nil {
			return e.failed(err)
		}
		head := result.Object
		answer := &edge.Response{Status: http.StatusOK, Headers: edge.Fields{
			{Name: "Content-Type", Value: head.ContentType},
			{Name: "ETag", Value: quoted(head.ETag)},
			{Name: "Last-Modified", Value: head.Modified.UTC().Format(http.TimeFormat)},
			{Name: "Accept-Ranges", Value: "bytes"},
			{Name: "Cache-Control", Value: "private"},
			{Name: "X-Content-Type-Options", Value: "nosniff"},
		}}
		if names(r.Headers.Values("if-none-match"), head.ETag) {
			answer.Status = http.StatusNotModified
			return answer, nil
		}
		get := storage.Get{Key: key, ETag: head.ETag}
		part, err := rangeOf(r.Headers, head)
		switch {
		case err != nil:
			answer.Status = http.StatusRequestedRangeNotSatisfiable
			answer.Add("Content-Range", "bytes */"+strconv.FormatInt(head.Size, 10))
			return answer, nil
		case part != nil:
			get.Offset, get.Length = part.first, part.last-part.first+1
			answer.Status = http.StatusPartialContent
			answer.Add("Content-Range", "bytes "+strconv.FormatInt(part.first, 10)+"-"+
				strconv.FormatInt(part.last, 10)+"/"+strconv.FormatInt(head.Size, 10))
		}
		result, err = e.service.Do(e.call(r), get)
		if try < 2 && (errors.Is(err, abi.ErrConflict) || errors.Is(err, abi.ErrNotFound)) {
			continue // replaced or deleted meanwhile
		}
		if err != nil {
			return e.failed(err)
		}
		answer.Body = result.Object.Body
		return answer, nil
	}
}

// failed answers for an error of the service. What the client cannot help is
// the handler's error.
func (e *endpoint) failed(err error) (*edge.Response, error) {
	status := 0
	switch service.ErrorOf(err).Status {
	case abi.ErrNotFound:
		status = http.StatusNotFound
	case abi.ErrInvalid:
		status = http.StatusBadRequest
	case abi.ErrTooLarge:
		status = http.StatusRequestEntityTooLarge
	case abi.ErrOverloaded, abi.ErrUnavailable, abi.ErrClosing:
		status = http.StatusServiceUnavailable
	case abi.ErrDeadline:
		status = http.StatusGatewayTimeout
	default:
		return nil, err
	}
	return edge.Text(status, service.ErrorOf(err).Message+"\n"), nil
}

func quoted(etag string) string { return `"` + etag + `"` }

// names tells whether If-None-Match lists the etag.
func names(lists []string, etag string) bool {
	for _, list := range lists {
		for one := range strings.SplitSeq(list, ",") {
			if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == quoted(etag) {
				return true
			}
		}
	}
	return false
}

type part struct{ first, last int64 }

var errRange = errors.New("no byte of the object is in the range")

// rangeOf is the part that the headers ask for; nil for the whole, which is also
// the answer to several parts and to what cannot be read.
func rangeOf(headers edge.Fields, o *storage.Object) (*part, error) {
	text, ok := strings.CutPrefix(headers.Get("range"), "bytes=")
	if !ok || strings.Contains(text, ",") {
		return nil, nil
	}
	if condition := headers.Get("if-range"); condition != "" && condition != quoted(o.ETag) {
		// A date is as good only if it is the very one that was sent.
		if date, err := http.ParseTime(condition); err != nil || !date.Equal(o.Modified.Truncate(time.Second)) {
			return nil, nil
		}
	}
	from, to, ok := strings.Cut(strings.TrimSpace(text), "-")
	first, err1 := strconv.ParseUint(from, 10, 63)
	last, err2 := strconv.ParseUint(to, 10, 63)
	switch {
	case !ok || from == "" && err2 != nil || from != "" && err1 != nil || to != "" && err2 != nil:
		return nil, nil
	case from == "": // the last bytes
		if last == 0 || o.Size == 0 {
			return nil, errRange
		}
		return &part{max(0, o.Size-int64(last)), o.Size - 1}, nil
	case to != "" && last < first:
		return nil, nil
	case int64(first) >= o.Size:
		return nil, errRange
	case to == "" || int64(last) >= o.Size:
		last = uint64(o.Size - 1)
	}
	return &part{int64(first), int64(last)}, nil
}
