package export

/*
#include "edge_gateway.h"
*/
import "C"

import (
	"runtime"
	"unsafe"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// loan is what the arguments of one operation consist of: memory of Go's that
// stays where it is until end. The host copies what it keeps.
type loan struct {
	pinner runtime.Pinner
	small  []byte // collects what is short, so that there is little to pin
}

// end takes everything back.
func (l *loan) end() { l.pinner.Unpin() }

// bytes lends bytes; nil is absent.
func (l *loan) bytes(b []byte) C.eg_bytes {
	const short = 4 << 10
	switch {
	case b == nil:
		return C.eg_bytes{}
	case len(b) > short:
		l.pin(&b[0])
	default:
		b = l.copy(b)
	}
	return C.eg_bytes{ptr: (*C.uint8_t)(unsafe.SliceData(b)), len: C.uint64_t(len(b))}
}

// text lends text. An empty one is there, too.
func (l *loan) text(s string) C.eg_bytes {
	if s == "" {
		return l.bytes([]byte{})
	}
	return l.bytes(unsafe.Slice(unsafe.StringData(s), len(s)))
}

// textOrAbsent is text, but for an empty one, which is absent.
func (l *loan) textOrAbsent(s string) C.eg_bytes {
	if s == "" {
		return C.eg_bytes{}
	}
	return l.text(s)
}

func (l *loan) copy(b []byte) []byte {
	need := max(len(b), 1) // an address also for what is empty
	if cap(l.small)-len(l.small) < need {
		l.small = make([]byte, 0, max(need, 1<<10))
		l.pin(unsafe.SliceData(l.small))
	}
	start := len(l.small)
	l.small = append(l.small, b...)[:start+need]
	return l.small[start : start+len(b)]
}

// pin keeps memory in place. What is not of Go's heap stays where it is anyhow,
// and the pinner does not know it.
func (l *loan) pin(first *byte) {
	defer func() { _ = recover() }()
	l.pinner.Pin(first)
}

// lend lends a struct.
func lend[T any](l *loan, v T) unsafe.Pointer {
	kept := &v
	l.pinner.Pin(kept)
	return unsafe.Pointer(kept)
}

// lendList lends a list; NULL for an empty one.
func lendList[T any](l *loan, list []T) *T {
	if len(list) == 0 {
		return nil
	}
	l.pinner.Pin(&list[0])
	return &list[0]
}

// lendTexts lends a list of texts.
func lendTexts(l *loan, texts []string) (*C.eg_bytes, C.uint64_t) {
	list := make([]C.eg_bytes, len(texts))
	for i, s := range texts {
		list[i] = l.text(s)
	}
	return lendList(l, list), C.uint64_t(len(list))
}

// lendFields lends headers or the like.
func lendFields(l *loan, fields edge.Fields) (*C.eg_field, C.uint64_t) {
	list := make([]C.eg_field, len(fields))
	for i, f := range fields {
		list[i] = C.eg_field{name: l.text(f.Name), value: l.text(f.Value)}
	}
	return lendList(l, list), C.uint64_t(len(list))
}
