package inspect

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// Bounds on what a report keeps, far above what real libraries have.
const (
	maxName    = 512  // bytes of a name
	maxHandler = 64   // exports named handler_...
	maxNeeded  = 1024 // libraries
)

// reader gives bounds-checked access to a file. The first access beyond the end
// is remembered and every later one gives zeros, so that a parser reads on and
// asks once, in done, whether all was there.
type reader struct {
	data  []byte
	order binary.ByteOrder
	what  string // what is being read, for the message
	err   error
}

// bytes returns size bytes at offset, or nil.
func (r *reader) bytes(offset, size uint64) []byte {
	if r.err != nil {
		return nil
	}
	if total := uint64(len(r.data)); offset > total || size > total-offset {
		r.fail("%s should be at byte %d, %d long, but the file ends at %d: it was truncated; build or copy it again",
			r.what, offset, size, total)
		return nil
	}
	return r.data[offset : offset+size]
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
	}
}

func (r *reader) u16(offset uint64) uint16 {
	if b := r.bytes(offset, 2); b != nil {
		return r.order.Uint16(b)
	}
	return 0
}

func (r *reader) u32(offset uint64) uint32 {
	if b := r.bytes(offset, 4); b != nil {
		return r.order.Uint32(b)
	}
	return 0
}

func (r *reader) u64(offset uint64) uint64 {
	if b := r.bytes(offset, 8); b != nil {
		return r.order.Uint64(b)
	}
	return 0
}

// text returns the NUL-terminated bytes at offset, at most maxName of them.
func (r *reader) text(offset uint64) []byte {
	if r.err != nil || offset >= uint64(len(r.data)) {
		r.bytes(offset, 1)
		return nil
	}
	text := r.data[offset:]
	text = text[:min(len(text), maxName)]
	if end := bytes.IndexByte(text, 0); end >= 0 {
		text = text[:end]
	}
	return text
}

// export counts one exported symbol and keeps it if it is for the host.
func (r *Report) export(name []byte, function bool) {
	r.Exports++
	if !bytes.HasPrefix(name, []byte("handler_")) || len(r.Handler)+len(r.HandlerData) >= maxHandler {
		return
	}
	if !function {
		r.HandlerData = append(r.HandlerData, string(name))
		return
	}
	r.Handler = append(r.Handler, string(name))
	if version, ok := strings.CutPrefix(string(name), "handler_abi_"); ok {
		r.ABI = append(r.ABI, strings.Replace(version, "_", ".", 1))
	}
}

func (r *Report) need(name []byte) {
	if len(r.Needed) < maxNeeded && !slices.Contains(r.Needed, string(name)) {
		r.Needed = append(r.Needed, string(name))
	}
}

func (r *Report) sort() {
	for _, names := range [][]string{r.Handler, r.HandlerData, r.ABI} {
		slices.Sort(names)
	}
}
