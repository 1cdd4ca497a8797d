package abi

import (
	"debug/elf"
	"encoding/binary"
	"io"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// extent tells where the library lies in memory: from its program headers, and
// from how far off the addresses in them the loader has put it. The mappings of
// the process would tell as well, but of all libraries each time.
func (l *Library) extent() (lo, hi uintptr) {
	lo, hi, ok := loadedExtent(l.held)
	bias := loadBias(l.handle)
	if !ok || bias == 0 {
		return 0, 0
	}
	return bias + lo, bias + hi
}

var dlinfo = sync.OnceValue(func() uintptr { return lookup(purego.RTLD_DEFAULT, "dlinfo") })

// loadBias asks the loader for what it adds to the addresses of a library; 0
// where it does not tell.
func loadBias(handle uintptr) uintptr {
	const linkMap = 2 // RTLD_DI_LINKMAP
	fn := dlinfo()
	if fn == 0 {
		return 0
	}
	// Sound: the loader stores the address of a struct link_map, which begins
	// with the bias and stays where it is as long as the library is loaded.
	var found *uintptr
	if r, _, _ := purego.SyscallN(fn, handle, linkMap, uintptr(unsafe.Pointer(&found))); int32(r) != 0 || found == nil {
		return 0
	}
	return *found
}

// loadedExtent is what a 64-bit ELF file says of the addresses that it takes.
func loadedExtent(file io.ReaderAt) (lo, hi uintptr, ok bool) {
	var head elf.Header64
	if err := binary.Read(io.NewSectionReader(file, 0, int64(binary.Size(head))), binary.LittleEndian, &head); err != nil ||
		elf.Class(head.Ident[elf.EI_CLASS]) != elf.ELFCLASS64 {
		return 0, 0, false
	}
	segments := make([]elf.Prog64, head.Phnum)
	if err := binary.Read(io.NewSectionReader(file, int64(head.Phoff), int64(binary.Size(segments))), binary.LittleEndian, segments); err != nil {
		return 0, 0, false
	}
	for _, s := range segments {
		if elf.ProgType(s.Type) != elf.PT_LOAD {
			continue
		}
		if !ok || uintptr(s.Vaddr) < lo {
			lo = uintptr(s.Vaddr)
		}
		hi, ok = max(hi, uintptr(s.Vaddr+s.Memsz)), true
	}
	return lo, hi, ok
}
