package inspect

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

var fixtures = []string{
	"linux-386.elf", "linux-arm64.elf", "linux-riscv64.elf", "linux-ppc64.elf",
	"windows-amd64.pe", "windows-arm64.pe", "windows-program-amd64.pe",
	"darwin-amd64.macho", "darwin-arm64.macho", "darwin-object-arm64.macho",
	"darwin-program-arm64.macho", "darwin-universal.macho",
}

func TestFilesThatAreNoLibraryAreRefusedWithAReason(t *testing.T) {
	tests := []struct{ name, content, word string }{
		{"empty", "", "it is empty"},
		{"text", "int main(void) { return 0; }\n", "looks like text"},
		{"script", "#!/bin/sh\n", "script"},
		{"archive", "!<arch>\n\x00", "archive"},
		{"wasm", "\x00asm\x01\x00\x00\x00", "WebAssembly"},
		{"noise", "\x01\x02\x03\x04", "01 02 03 04"},
		{"java class", "\xca\xfe\xba\xbe\x00\x00\x00\x41", "ca fe ba be"},
		{"one byte", "\x7f", "7f"},
	}
	for _, test := range tests {
		path := filepath.Join(t.TempDir(), "library.so")
		if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := File(path)
		if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), test.word) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if _, err := File(t.TempDir()); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "a directory") {
		t.Errorf("directory: %v", err)
	}
	if _, err := File(filepath.Join(t.TempDir(), "none.so")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func TestAFileOverTheLimitIsNotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "huge.so")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := file.Truncate(MaxSize + 1); err != nil {
		t.Fatal(err)
	}
	if _, err := File(path); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

// Cut off anywhere, a library is damaged, and says so.
func TestTruncatedLibrariesAreRefused(t *testing.T) {
	for _, name := range fixtures {
		data := fixture(t, name)
		for i := range 64 {
			cut := len(data) * i / 64
			// Bytes that pad a file to a page belong to nothing.
			if strings.HasSuffix(name, ".pe") && allZero(data[cut:]) {
				continue
			}
			r, err := Parse(data[:cut])
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrFormat) {
				t.Errorf("%s cut to %d of %d bytes: %v, %+v", name, cut, len(data), err, r)
			}
			if cut > 64 && err != nil && !strings.Contains(err.Error(), "truncated") && !strings.Contains(err.Error(), "no PE header") {
				t.Errorf("%s cut to %d of %d bytes does not say truncated: %v", name, cut, len(data), err)
			}
		}
	}
}

func allZero(data []byte) bool {
	for _, b := range data {
		if b != 0 {
			return false
		}
	}
	return true
}

// Whatever one byte or one number is changed to: an answer, in time, with
// little memory.
func TestDamagedLibrariesAreAnsweredCheaply(t *testing.T) {
	for _, name := range fixtures {
		data := fixture(t, name)
		// Headers and tables lie at the front in all formats.
		for at := range min(len(data)-8, 1200) {
			for _, value := range []uint32{0, 1, 0x7fffffff, 0x80000000, 0xffffffff, uint32(len(data))} {
				damaged := append([]byte(nil), data...)
				binary.LittleEndian.PutUint32(damaged[at:], value)
				parseCheaply(t, damaged, name, at)
			}
		}
	}
}

// parseCheaply checks that no input costs more than a bounded effort.
func parseCheaply(t testing.TB, data []byte, name string, at int) {
	t.Helper()
	start := time.Now()
	r, err := Parse(data)
	if took := time.Since(start); took > 5*time.Second {
		t.Fatalf("%s changed at %d: took %v", name, at, took)
	}
	if err != nil {
		if strings.Contains(err.Error(), "runtime error") {
			t.Fatalf("%s changed at %d: a fault was caught: %v", name, at, err)
		}
		return
	}
	r.Problems(Host())
}

// The names of a symbol table may all point into one long text, and names of
// sections too: what is kept must not grow with their product.
func TestOverlappingNamesCostNothing(t *testing.T) {
	const symbols, stringsLen = 20000, 1 << 20
	data := make([]byte, 0x1000+24*symbols+stringsLen)
	order := binary.LittleEndian
	copy(data, "\x7fELF\x02\x01\x01")
	order.PutUint16(data[16:], 3)  // shared library
	order.PutUint16(data[18:], 62) // amd64
	order.PutUint64(data[32:], 64)
	order.PutUint16(data[54:], 56)
	order.PutUint16(data[56:], 2)
	segment := func(at int, kind uint32, offset, size uint64) {
		order.PutUint32(data[at:], kind)
		order.PutUint64(data[at+8:], offset)
		order.PutUint64(data[at+16:], offset)
		order.PutUint64(data[at+32:], size)
	}
	segment(64, 1, 0, uint64(len(data)))
	segment(64+56, 2, 0x200, 0x100)
	for i, tag := range [][2]uint64{{4, 0x400}, {5, 0x1000 + 24*symbols}, {6, 0x1000}} {
		order.PutUint64(data[0x200+16*i:], tag[0])
		order.PutUint64(data[0x208+16*i:], tag[1])
	}
	order.PutUint32(data[0x404:], symbols)
	for i := range symbols {
		symbol := data[0x1000+24*i:]
		order.PutUint32(symbol, uint32(i))
		symbol[4] = 0x12 // global function
		order.PutUint16(symbol[6:], 1)
	}
	names := data[0x1000+24*symbols:]
	for i := range names {
		names[i] = "handler_"[i%8]
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := Parse(data)
	runtime.ReadMemStats(&after)
	if err != nil || r.Exports != symbols || len(r.Handler) != maxHandler {
		t.Fatalf("got %v, %+v", err, r)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
		t.Errorf("allocated %d bytes", grown)
	}
}

// Long runs want -fuzzminimizetime 10x: libraries are large inputs, and making
// each interesting one smaller would take nearly all of the time.
func FuzzFile(f *testing.F) {
	for _, name := range fixtures {
		f.Add(fixture(f, name))
	}
	f.Add(smallLibrary(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		parseCheaply(t, data, "input", 0)
	})
}
