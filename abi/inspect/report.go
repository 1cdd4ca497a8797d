// Package inspect reads a shared library without loading it. Loading runs the
// library's constructors, so whatever can be known before is checked before.
//
// ELF, PE and Mach-O are read here rather than with debug/elf, debug/pe and
// debug/macho, which give out every name as a string of its own: names that
// overlap in a hostile file of one megabyte make them allocate gigabytes.
// Here every read is bounded by the file, every list and name by a constant.
package inspect

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// MaxSize is the largest file that is read, in bytes.
const MaxSize = 256 << 20

// Why a file could not be inspected.
var (
	ErrFormat    = errors.New("not a shared library of a known format")
	ErrMalformed = errors.New("the file is damaged")
	ErrTooLarge  = errors.New("the file is too large")
)

// The formats.
const (
	ELF   = "ELF"
	PE    = "PE"
	MachO = "Mach-O"
)

// Kind says what a file of a known format is.
type Kind string

// The kinds of file.
const (
	Library    Kind = "a shared library"
	Executable Kind = "an executable"
	Object     Kind = "an object file"
	Core       Kind = "a core dump"
	Other      Kind = "something else than a shared library"
)

// Report is what a file says of itself.
type Report struct {
	Size   int64
	Digest [sha256.Size]byte // SHA-256 of the whole file

	Format string // ELF, PE or MachO
	Kind   Kind
	OS     string // as GOOS; ELF without a mark counts as linux
	Arch   string // as GOARCH, or the machine's number when Go has no name

	Handler     []string // exported functions named handler_..., sorted
	HandlerData []string // the same that are data, which nothing can call
	Exports     int      // exported symbols, all of them
	ABI         []string // versions "0.2" from exports named handler_abi_0_2
	Needed      []string // libraries that the system loads with this one

	Language  string // a guess: go, rust, c++ or c
	Go        bool   // holds a Go runtime; no guess
	Libc      string // ELF: glibc or musl if it needs one, else ""
	Glibc     string // ELF: the highest version needed, "2.34", or ""
	StaticTLS bool   // ELF: takes from the small static block for thread-locals
	TextRel   bool   // ELF: relocates its code, which then has to be writable
	ExecStack bool   // ELF: wants every stack executable
	InitCount int    // functions that run on load

	// Slices are the architectures of a universal Mach-O file, whose own
	// fields then stop at Arch, which lists them.
	Slices []*Report

	glibcDefined string // ELF: the version that a C library itself provides
}

// File reads the file at path. Errors are those of the os package, ErrFormat,
// ErrMalformed and ErrTooLarge, each with the path.
func File(path string) (*Report, error) {
	// Before opening: a pipe without a writer would block.
	if info, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("inspect library: %w", err)
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("inspect library %q: %w: it is %s; name a library file", path, ErrFormat, describe(info.Mode()))
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("inspect library: %w", err)
	}
	defer file.Close()
	data, err := readAll(file)
	if err != nil {
		return nil, fmt.Errorf("inspect library %q: %w", path, err)
	}
	report, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("inspect library %q: %w", path, err)
	}
	return report, nil
}

func describe(mode os.FileMode) string {
	if mode.IsDir() {
		return "a directory"
	}
	return "no regular file"
}

func readAll(file *os.File) ([]byte, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > MaxSize {
		return nil, tooLarge(info.Size())
	}
	var buffer bytes.Buffer
	buffer.Grow(int(info.Size()) + bytes.MinRead)
	if _, err := buffer.ReadFrom(io.LimitReader(file, MaxSize+1)); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

func tooLarge(size int64) error {
	return fmt.Errorf("%w: %d bytes, at most %d are read; strip debug information from it", ErrTooLarge, size, MaxSize)
}

// Parse reads the bytes of a file. It keeps none of them.
func Parse(data []byte) (report *Report, err error) {
	// The parsers check each access. Should one be wrong, a file from outside
	// must still not end the gateway.
	defer func() {
		if fault := recover(); fault != nil {
			report, err = nil, fmt.Errorf("%w: %v", ErrMalformed, fault)
		}
	}()
	if len(data) > MaxSize {
		return nil, tooLarge(int64(len(data)))
	}
	parse := parserOf(data)
	if parse == nil {
		return nil, fmt.Errorf("%w: %s; expected ELF, PE or Mach-O: build it as a shared library", ErrFormat, guess(data))
	}
	report, err = parse(data)
	if err != nil {
		return nil, err
	}
	report.Size, report.Digest = int64(len(data)), sha256.Sum256(data)
	return report, nil
}

func parserOf(data []byte) func([]byte) (*Report, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\x7fELF")):
		return parseELF
	case bytes.HasPrefix(data, []byte("MZ")):
		return parsePE
	case isUniversal(data):
		return parseUniversal
	case isMachO(data):
		return parseMachO
	}
	return nil
}

// guess describes a file of no known format by its beginning.
func guess(data []byte) string {
	head := data[:min(len(data), 512)]
	switch {
	case len(data) == 0:
		return "it is empty"
	case bytes.HasPrefix(head, []byte("!<arch>\n")):
		return "it is a static library (an archive)"
	case bytes.HasPrefix(head, []byte("#!")):
		return "it is a script"
	case bytes.HasPrefix(head, []byte("\x00asm")):
		return "it is WebAssembly"
	case !bytes.ContainsFunc(head, isBinary):
		return "it looks like text"
	}
	return fmt.Sprintf("it starts with % x", head[:min(len(head), 8)])
}

func isBinary(r rune) bool {
	return (r < ' ' || r == 0x7f) && !strings.ContainsRune("\n\r\t", r)
}
