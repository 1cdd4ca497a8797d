package s3

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// passing tells whether an error may be gone a moment later.
func passing(err error) bool {
	r := minio.ToErrorResponse(err)
	return unreachable(err) || r.StatusCode >= 500 && r.StatusCode != http.StatusNotImplemented ||
		r.StatusCode == http.StatusTooManyRequests || r.Code == "RequestTimeout"
}

// unreachable tells whether there was no answer at all, or no whole one.
func unreachable(err error) bool {
	var known *service.Error
	return minio.ToErrorResponse(err).Code == "" && !errors.As(err, &known) &&
		!errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// dialing tells whether not even a connection came about.
func dialing(err error) bool {
	var at *net.OpError
	return errors.As(err, &at) && at.Op == "dial"
}

// failure is what an error of the client is for a caller.
func failure(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var known *service.Error
	if errors.As(err, &known) {
		return err
	}
	if unreachable(err) {
		return &service.Error{Status: abi.ErrUnavailable, Message: "the server cannot be reached: " + cause(err)}
	}
	r := minio.ToErrorResponse(err)
	e := &service.Error{Code: r.Code, Message: "the server refuses: " + r.Error()}
	switch {
	case r.Code == minio.NoSuchKey:
		e.Status, e.Message = abi.ErrNotFound, "no object of that key"
	case r.Code == "NoSuchUpload":
		e.Status, e.Message = abi.ErrNotFound, "no such upload"
	case r.StatusCode == http.StatusPreconditionFailed, r.StatusCode == http.StatusConflict:
		e.Status = abi.ErrConflict
	case r.Code == "InvalidRange", r.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		e.Status, e.Code = abi.ErrInvalid, "range"
	case r.Code == minio.EntityTooLarge:
		e.Status = abi.ErrTooLarge
	case r.StatusCode == http.StatusNotImplemented:
		e.Status = abi.ErrUnsupported
	case passing(err):
		e.Status, e.Message = abi.ErrUnavailable, "the server fails: "+r.Error()
	default:
		e.Status = abi.ErrRefused
		e.Login = r.Code == "InvalidAccessKeyId" || r.Code == "SignatureDoesNotMatch"
	}
	return e
}

// outcome is failure for a request that changes something and must not be sent
// twice, or was sent for as long as there was time: when it may have arrived
// without an answer, nobody knows what happened.
func outcome(err error) error {
	if err == nil {
		return nil
	}
	if dialing(err) {
		return failure(err)
	}
	ended := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	if ended || unreachable(err) {
		return &service.Error{Status: abi.ErrUnknown, Message: "the server did not answer whether it has done it: " + cause(err)}
	}
	return failure(err)
}

// cause is an error without the URL, which has bucket and key in it.
func cause(err error) string {
	var at *url.Error
	if errors.As(err, &at) {
		err = at.Err
		if strings.Contains(err.Error(), at.URL) { // as the client says of a connection that was cut
			return "the connection was closed"
		}
	}
	return err.Error()
}
