package abi

import (
	"errors"
	"unsafe"
)

// copyTo lays the request out in the memory of a link.
func (f *Frame) copyTo(g *Frame) error {
	g.req.Received, g.req.Deadline = f.req.Received, f.req.Deadline
	var err error
	place := func(to *Bytes, from Bytes) {
		if err == nil {
			*to, err = g.place(f.own(from))
		}
	}
	for n := range f.texts {
		place(&g.texts[n], f.texts[n])
	}
	headers, params := f.Headers(), f.Params()
	for n := range params {
		place(&g.params[n].Name, f.params[n].Name)
		place(&g.params[n].Value, f.params[n].Value)
	}
	if err == nil {
		err = f.copyHeaders(g, headers)
	}
	if f.req.BodyKind != BodyNone {
		g.req.BodyKind = f.req.BodyKind
		place(&g.req.Body, f.req.Body)
	}
	g.req.HeaderCount, g.req.ParamCount = uint64(headers), uint64(params)
	return err
}

// copyHeaders copies the block that the headers lie in, in one piece: they refer
// to it, in their order.
func (f *Frame) copyHeaders(g *Frame, count int) error {
	if count == 0 {
		return nil
	}
	first, end := f.headers[0].Name.Ptr, f.headers[0].Name.Ptr
	for n := range count {
		h := &f.headers[n]
		for _, b := range [...]Bytes{h.Name, h.Value} {
			if b.Ptr != 0 {
				first, end = min(first, b.Ptr), max(end, b.Ptr+uintptr(b.Len))
			}
		}
	}
	block, err := g.place(f.own(Bytes{Ptr: first, Len: uint64(end - first)}))
	if err != nil {
		return err
	}
	for n := range count {
		to := &g.headers[n]
		*to = f.headers[n]
		for _, b := range [...]*Bytes{&to.Name, &to.Value} {
			if b.Ptr != 0 {
				b.Ptr += block.Ptr - first
			}
		}
	}
	return nil
}

var errOutside = errors.New("a pointer leads out of the memory that both processes have")

// adopt makes the answer in the memory of a link the frame's completion. What
// dispatch looks at is copied, since the other process may write over it at any
// time; the body, which it only hands on, stays there until Release.
func (f *Frame) adopt(g *Frame, status Status) (result Status) {
	*f.completed = Response{}
	f.completion, f.taken = ErrInvalid, false
	if status > OK {
		return ErrInvalid
	}
	if status == Lost {
		f.completion, f.taken = status, true
		return OK
	}
	to := Response{StructSize: uint32(unsafe.Sizeof(Response{}))}
	from := *g.resp
	var err error
	var texts uint64
	text := func(b Bytes, most uint64) (copied Bytes) {
		if b.Ptr == 0 || b.Len > most || !g.mem.has(b.Ptr, b.Len) {
			if b.Ptr != 0 || b.Len != 0 {
				err = errOutside
			}
			return Bytes{}
		}
		if texts += b.Len; texts > maxAnswerTexts {
			err = ErrAnswerSize // the same bytes, again and again
			return Bytes{}
		}
		copied, failed := f.place(mapped(b.Ptr, int(b.Len)))
		if failed != nil {
			err = failed
		}
		return copied
	}
	to.Message = text(from.Message, maxMessage)
	err = nil // the status says enough
	if status == OK {
		to.Status = from.Status
		if from.Body.Len > f.MaxAnswer {
			f.completion = ErrTooLarge
			return ErrTooLarge
		}
		if to.Body = from.Body; to.Body != (Bytes{}) && !g.mem.has(to.Body.Ptr, to.Body.Len) {
			err = errOutside
		}
		size := from.HeaderCount * uint64(unsafe.Sizeof(Field{}))
		if from.HeaderCount > maxAnswerHeaders || from.HeaderCount > 0 && !g.mem.has(from.Headers, size) {
			return ErrInvalid
		}
		if from.HeaderCount > 0 { // else the address is anything, and not even to be made a pointer of
			list, failed := f.place(mapped(from.Headers, int(size)))
			if failed != nil {
				return ErrNoMemory
			}
			to.Headers, to.HeaderCount = list.Ptr, from.HeaderCount
			// The list is the frame's own now: aligned to 16, and as long as counted.
			fields := unsafe.Slice(at[Field](list.Ptr), from.HeaderCount)
			for n := range fields {
				fields[n].Name, fields[n].Value = text(fields[n].Name, 64<<10), text(fields[n].Value, 64<<10)
			}
		}
	}
	if err != nil {
		return ErrInvalid
	}
	*f.completed = to
	f.completion, f.taken = status, true
	return OK
}

const (
	maxMessage     = 8 << 10 // bytes of a message that are kept
	maxAnswerTexts = 4 << 20 // bytes of all headers of an answer
)
