package abi

import (
	"errors"
	"runtime"
	"runtime/debug"
	"strings"
	"unsafe"
)

const maxAnswerHeaders = 512

// Errors of an answer that cannot be used. The client gets 502.
var (
	ErrBytes         = errors.New("bytes with a length and no pointer")
	ErrAnswerHeaders = errors.New("more headers than an answer may have, or a count and no list")
	ErrAnswerSize    = errors.New("the body is larger than an answer may be")
	ErrFault         = errors.New("a pointer leads to memory that cannot be read")
)

// Answer is what a library put into the response, copied out of its struct, so
// that a thread of the library that still writes it changes nothing here. The
// bytes are still the library's: valid until [Instance.Release].
type Answer struct {
	Status  int
	Body    []byte
	headers []Field
}

// Headers is the number of headers of the answer.
func (a *Answer) Headers() int { return len(a.headers) }

// Header is one header of the answer.
func (a *Answer) Header(i int) (name, value []byte, err error) {
	field := a.headers[i]
	if name, err = view(field.Name, 64<<10); err != nil {
		return nil, nil, err
	}
	value, err = view(field.Value, 64<<10)
	return name, value, err
}

// Read gives the answer to use, which must not keep its bytes. An address that
// cannot be read, found while use runs, is an error and not the end of the
// process.
func (f *Frame) Read(use func(*Answer) error) (err error) {
	defer func() { f.answer = Answer{} }() // its addresses are soon somebody else's
	return guarded(func() error {
		r := *f.resp
		a := &f.answer
		*a = Answer{Status: int(r.Status)}
		if r.HeaderCount > maxAnswerHeaders || (r.HeaderCount > 0 && r.Headers == 0) {
			return ErrAnswerHeaders
		}
		if r.HeaderCount > 0 {
			a.headers = unsafe.Slice(at[Field](r.Headers), r.HeaderCount)
		}
		if r.Body.Len > f.MaxAnswer {
			return ErrAnswerSize
		}
		if a.Body, err = view(r.Body, f.MaxAnswer); err != nil {
			return err
		}
		return use(a)
	})
}

// Message is the text that came with an error, for the log. Empty if there is
// none or if it cannot be read; cut at 8 KiB.
func (f *Frame) Message() (text string) {
	_ = guarded(func() error {
		m := f.resp.Message
		if m.Ptr != 0 {
			text = string(unsafe.Slice(at[byte](m.Ptr), min(m.Len, 8<<10)))
		}
		return nil
	})
	return text
}

// guarded runs f, and turns a fault at an address that a library gave into an
// error. One in the first page looks like a nil dereference; every other panic
// goes on.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			fault, ok := p.(runtime.Error)
			if !ok {
				panic(p)
			}
			_, addressed := p.(interface{ Addr() uintptr })
			if !addressed && !strings.Contains(fault.Error(), "invalid memory address") {
				panic(p)
			}
			err = ErrFault
		}
	}()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	return f()
}

// view makes bytes of a library readable. The address may be anything: reading
// has to happen under guarded.
func view(b Bytes, limit uint64) ([]byte, error) {
	if b.Len == 0 {
		return nil, nil
	}
	if b.Ptr == 0 {
		return nil, ErrBytes
	}
	if b.Len > limit || b.Ptr+uintptr(b.Len) < b.Ptr {
		return nil, ErrAnswerSize
	}
	return unsafe.Slice(at[byte](b.Ptr), b.Len), nil
}

// at turns an address that a library gave into a pointer. Such memory is never
// the Go heap's, so the garbage collector ignores the pointer; that it can be
// read is not known, which is why callers run under guarded.
func at[T any](address uintptr) *T {
	return *(**T)(unsafe.Pointer(&address))
}
