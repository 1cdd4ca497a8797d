package export

/*
#include "edge_gateway.h"

static int32_t eg_go_arena_grow(const eg_host *host, uint64_t token, uint64_t size) {
  return host->arena_grow(host, token, size);
}

// For when there is no memory left to say it with.
static eg_bytes eg_go_no_memory(void) {
  static const char text[] = "the answer does not fit in the memory of its request";
  return (eg_bytes){(const uint8_t *)text, sizeof text - 1};
}
*/
import "C"

import (
	"unsafe"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// answer puts a response where the host finds it: in the request's arena.
type answer struct {
	host     *C.eg_host
	request  *C.eg_request
	response *C.eg_response
}

// The arena's memory and the response are written through these mirrors, in
// which an address is a number. Through the C types each store would be one
// of a pointer: while the collector runs, it would look up what lay there
// before, and the arena may hold anything, bytes from a client too.
type (
	hostBytes struct {
		address uintptr
		len     uint64
	}
	hostField struct{ name, value hostBytes }
)

// A mirror of another size does not compile.
var (
	_ = [1]struct{}{}[unsafe.Sizeof(hostBytes{})-C.sizeof_eg_bytes]
	_ = [1]struct{}{}[unsafe.Sizeof(hostField{})-C.sizeof_eg_field]
)

// write copies the response into one block: the headers' array first, for its
// alignment, then the bytes.
func (a *answer) write(r *edge.Response) C.int32_t {
	array := len(r.Headers) * int(unsafe.Sizeof(hostField{}))
	size := array + len(r.Body)
	for i := range r.Headers {
		size += len(r.Headers[i].Name) + len(r.Headers[i].Value)
	}
	memory, status := a.take(size)
	if status != C.EG_OK {
		return a.noMemory(status)
	}
	block := block{memory: memory, used: array}
	fields := unsafe.Slice((*hostField)(memory), len(r.Headers))
	for i := range r.Headers {
		fields[i].name = block.put(r.Headers[i].Name)
		fields[i].value = block.put(r.Headers[i].Value)
	}
	a.response.status = C.int32_t(r.Status)
	if len(r.Headers) > 0 {
		*(*uintptr)(unsafe.Pointer(&a.response.headers)) = uintptr(memory)
		a.response.header_count = C.uint64_t(len(r.Headers))
	}
	if r.Body != nil {
		*(*hostBytes)(unsafe.Pointer(&a.response.body)) = block.put(unsafe.String(unsafe.SliceData(r.Body), len(r.Body)))
	}
	return C.EG_OK
}

// fail leaves the error's text for the log. The client never sees it.
func (a *answer) fail(err error) C.int32_t {
	const most = 8 << 10 // what the log keeps of a line
	text := err.Error()
	text = text[:min(len(text), most)]
	memory, status := a.take(len(text))
	if status != C.EG_OK {
		return a.noMemory(status)
	}
	block := block{memory: memory}
	*(*hostBytes)(unsafe.Pointer(&a.response.message)) = block.put(text)
	return statusOf(err)
}

func (a *answer) noMemory(status C.int32_t) C.int32_t {
	a.response.message = C.eg_go_no_memory()
	return status
}

// take cuts size bytes from the arena, at an address and to a length that are
// multiples of 16. The memory is the request's: it is C's, it stays where it
// is, and the request outlives this call.
func (a *answer) take(size int) (unsafe.Pointer, C.int32_t) {
	const alignment = 16
	arena := a.request.arena
	need := uintptr(size+alignment-1) &^ (alignment - 1)
	for grown := false; ; grown = true {
		skip := -uintptr(unsafe.Pointer(arena.next)) & (alignment - 1)
		if room := uintptr(unsafe.Pointer(arena.end)) - uintptr(unsafe.Pointer(arena.next)); skip+need <= room {
			start := unsafe.Add(unsafe.Pointer(arena.next), skip)
			*(*uintptr)(unsafe.Pointer(&arena.next)) = uintptr(start) + need
			return start, C.EG_OK
		}
		if grown {
			return nil, C.EG_E_NO_MEMORY
		}
		if status := C.eg_go_arena_grow(a.host, a.request.token, C.uint64_t(need+alignment)); status != C.EG_OK {
			return nil, status
		}
	}
}

// block is memory that take gave, large enough for all that is put into it.
type block struct {
	memory unsafe.Pointer
	used   int
}

func (b *block) put(s string) hostBytes {
	start := unsafe.Add(b.memory, b.used)
	copy(unsafe.Slice((*byte)(start), len(s)), s)
	b.used += len(s)
	return hostBytes{uintptr(start), uint64(len(s))}
}
