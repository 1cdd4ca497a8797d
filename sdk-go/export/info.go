package export

/*
#include <stdlib.h>
#include "edge_gateway.h"
*/
import "C"

import (
	"path"
	"runtime/debug"
	"sync"
	"unsafe"
)

const sdk = "edge-gateway-sdk-go 0.1"

// description is made once, in C memory that is never freed: the host reads it
// for as long as the library is loaded. EG_INFO_UNLOADABLE is never set: a Go
// runtime cannot be unloaded.
var description = sync.OnceValue(func() *C.eg_info {
	name, version := identity()
	info := (*C.eg_info)(C.calloc(1, C.sizeof_eg_info)) // cgo ends the process when there is no memory
	info.struct_size = C.sizeof_eg_info
	info.abi_major = C.EG_ABI_MAJOR
	info.abi_minor = C.EG_ABI_MINOR
	info.pointer_size = C.uint32_t(unsafe.Sizeof(uintptr(0)))
	info.name = static(name)
	info.version = static(version)
	info.sdk = static(sdk)
	info.language = static("go")
	return info
})

// identity fills what the author left out from what the linker knows. A
// library with no handler has a description too: the reason for refusing it
// is given when it starts.
func identity() (name, version string) {
	l, _ := library()
	name, version = l.Name, l.Version
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return name, version
	}
	if name == "" {
		name = path.Base(build.Main.Path)
	}
	if version == "" {
		version = build.Main.Version
	}
	return name, version
}

// static copies text to C memory for good.
func static(text string) C.eg_bytes {
	return C.eg_bytes{ptr: (*C.uint8_t)(C.CBytes([]byte(text))), len: C.uint64_t(len(text))}
}
