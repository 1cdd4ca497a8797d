package directory

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

var (
	errNotFound = &service.Error{Status: abi.ErrNotFound, Message: "no object of that key"}
	errThere    = &service.Error{Status: abi.ErrConflict, Message: "an object of that key is there"}
	errOther    = &service.Error{Status: abi.ErrConflict, Message: "the object has another etag"}
	errGone     = &service.Error{Status: abi.ErrUnavailable, Message: "the folder of the objects was taken away"}
)

// failed is what an error of the file system is for a caller. What seems to be
// missing may be so because the folder was replaced.
func (s *store) failed(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		if s.stale() {
			return errGone
		}
		return errNotFound
	}
	return failure(err)
}

// failedToWrite is failed for what has to do with the writer's own file, or the
// place it is to have.
func (s *store) failedToWrite(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		s.lost.Store(true)
		return errGone
	}
	return failure(err)
}

// unopened is what an error is that keeps the folder from being opened.
func unopened(err error) error {
	e := *service.ErrorOf(failure(err))
	e.Status = abi.ErrUnavailable
	return &e
}

// failure names no paths: those are the operator's, and errors go to handlers.
func failure(err error) error {
	var known *service.Error
	var number syscall.Errno
	switch {
	case errors.As(err, &known), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, errFull), errors.Is(err, errQuota):
		return &service.Error{Status: abi.ErrUnavailable, Code: "ENOSPC", Message: "the disk is full"}
	case errors.Is(err, errDamaged):
		return &service.Error{Status: abi.ErrInternal, Code: "damaged", Message: errDamaged.Error()}
	case errors.As(err, &number):
		return &service.Error{Status: abi.ErrUnavailable, Message: "the file system: " + number.Error()}
	}
	var path *os.PathError
	if errors.As(err, &path) { // os.Root refuses to leave the folder
		return &service.Error{Status: abi.ErrRefused, Message: "the file system: " + path.Err.Error()}
	}
	return &service.Error{Status: abi.ErrUnavailable, Message: "the file system: " + err.Error()}
}
