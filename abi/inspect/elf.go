package inspect

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
)

// elfFile is an ELF file as the system's loader sees it: by its segments.
// Sections, which the loader ignores, serve for the guess at the language.
type elfFile struct {
	reader
	report *Report
	wide   bool // 64-bit
	loads  []elfSegment
	size   uint64 // of an address
}

type elfSegment struct{ offset, address, size uint64 }

// Linkers make about ten segments, and notes of less than a kilobyte.
const (
	maxSegments = 128
	maxNotes    = 1 << 16
)

func parseELF(data []byte) (*Report, error) {
	f := &elfFile{report: &Report{Format: ELF}}
	f.data, f.what, f.order = data, "the ELF header", binary.LittleEndian
	ident := f.bytes(0, 64)
	if f.err != nil {
		return nil, f.err
	}
	if elf.Data(ident[elf.EI_DATA]) == elf.ELFDATA2MSB {
		f.order = binary.BigEndian
	}
	f.wide, f.size = elf.Class(ident[elf.EI_CLASS]) == elf.ELFCLASS64, 4
	if f.wide {
		f.size = 8
	}
	f.report.OS = elfOS(elf.OSABI(ident[elf.EI_OSABI]))
	f.report.Arch = elfArch(elf.Machine(f.u16(18)), f.wide, f.order == binary.LittleEndian)
	f.report.Kind = elfKind(elf.Type(f.u16(16)))

	f.readSections()
	if dynamic := f.readSegments(); f.report.Kind == Library && f.err == nil {
		f.readDynamic(dynamic)
	}
	if f.err != nil {
		return nil, f.err
	}
	f.report.guessLanguage(data)
	f.report.sort()
	return f.report, nil
}

// address reads a number that is as wide as an address.
func (f *elfFile) address(offset uint64) uint64 {
	if f.wide {
		return f.u64(offset)
	}
	return uint64(f.u32(offset))
}

// pick returns a field's offset, which differs between 64 and 32 bits.
func (f *elfFile) pick(wide, narrow uint64) uint64 {
	if f.wide {
		return wide
	}
	return narrow
}

// readSegments reads the program headers and returns where the dynamic section
// lies in the file; its size is 0 if there is none.
func (f *elfFile) readSegments() (dynamic elfSegment) {
	f.what = "the table of segments"
	table, count := f.address(f.pick(32, 28)), uint64(f.u16(f.pick(56, 44)))
	step := f.pick(56, 32)
	if got := uint64(f.u16(f.pick(54, 42))); count > 0 && got != step {
		f.fail("a program header has %d bytes instead of %d", got, step)
	}
	if count > maxSegments {
		f.fail("it has %d segments, at most %d make sense", count, maxSegments)
	}
	// Where no header says otherwise, these systems make stacks executable.
	f.report.ExecStack = f.report.Arch == "amd64" || f.report.Arch == "386"
	f.bytes(table, count*step)
	for at := table; count > 0 && f.err == nil; at, count = at+step, count-1 {
		segment := elfSegment{f.address(at + f.pick(8, 4)), f.address(at + f.pick(16, 8)), f.address(at + f.pick(32, 16))}
		flags := elf.ProgFlag(f.u32(at + f.pick(4, 24)))
		f.what = "a segment"
		switch elf.ProgType(f.u32(at)) {
		case elf.PT_LOAD:
			f.bytes(segment.offset, segment.size)
			f.loads = append(f.loads, segment)
		case elf.PT_DYNAMIC:
			f.bytes(segment.offset, segment.size)
			dynamic = segment
		case elf.PT_NOTE:
			f.readNotes(f.bytes(segment.offset, min(segment.size, maxNotes)))
		case elf.PT_GNU_STACK:
			f.report.ExecStack = flags&elf.PF_X != 0
		}
	}
	return dynamic
}

// readNotes looks for the note in which Go keeps its build ID. It is loaded,
// so stripping leaves it.
func (f *elfFile) readNotes(notes []byte) {
	const header, goBuildID = 12, 4
	for len(notes) >= header {
		name, content := uint64(f.order.Uint32(notes)), uint64(f.order.Uint32(notes[4:]))
		kind := f.order.Uint32(notes[8:])
		next := header + (name+3)&^3 + (content+3)&^3
		if kind == goBuildID && name == 4 && bytes.HasPrefix(notes[header:], []byte("Go\x00\x00")) {
			f.report.Go = true
		}
		if next > uint64(len(notes)) {
			return
		}
		notes = notes[next:]
	}
}

// readSections sees that the table of sections is whole, since it is the last
// thing in most files and so the first to be cut off, and looks for Go's.
func (f *elfFile) readSections() {
	f.what = "the table of sections"
	table, count := f.address(f.pick(40, 32)), uint64(f.u16(f.pick(60, 48)))
	step, names := uint64(f.u16(f.pick(58, 46))), uint64(f.u16(f.pick(62, 50)))
	if table == 0 {
		// In a file, bytes are aligned as in memory: segments see to that.
		f.report.Go = holdsGoBuildInfo(f.data)
		return
	}
	f.bytes(table, count*step)
	if f.err != nil || names >= count || step < f.pick(64, 40) {
		return
	}
	strings := f.address(table + names*step + f.pick(24, 16))
	f.what = "the names of sections"
	for at := table; count > 0 && f.err == nil; at, count = at+step, count-1 {
		name := f.text(strings + uint64(f.u32(at)))
		if string(name) == ".go.buildinfo" || string(name) == ".note.go.buildid" {
			f.report.Go = true
		}
	}
}

func elfKind(kind elf.Type) Kind {
	switch kind {
	case elf.ET_DYN:
		return Library
	case elf.ET_EXEC:
		return Executable
	case elf.ET_REL:
		return Object
	case elf.ET_CORE:
		return Core
	}
	return Other
}

func elfOS(abi elf.OSABI) string {
	switch abi {
	case elf.ELFOSABI_NONE, elf.ELFOSABI_LINUX:
		return "linux"
	case elf.ELFOSABI_FREEBSD:
		return "freebsd"
	case elf.ELFOSABI_NETBSD:
		return "netbsd"
	case elf.ELFOSABI_OPENBSD:
		return "openbsd"
	case elf.ELFOSABI_SOLARIS:
		return "solaris"
	}
	return fmt.Sprintf("unknown system %d", abi)
}

type elfMachine struct {
	machine      elf.Machine
	wide, little bool
}

var elfArchs = map[elfMachine]string{
	{elf.EM_X86_64, true, true}:    "amd64",
	{elf.EM_386, false, true}:      "386",
	{elf.EM_AARCH64, true, true}:   "arm64",
	{elf.EM_ARM, false, true}:      "arm",
	{elf.EM_RISCV, true, true}:     "riscv64",
	{elf.EM_LOONGARCH, true, true}: "loong64",
	{elf.EM_PPC64, true, true}:     "ppc64le",
	{elf.EM_PPC64, true, false}:    "ppc64",
	{elf.EM_S390, true, false}:     "s390x",
	{elf.EM_MIPS, true, true}:      "mips64le",
	{elf.EM_MIPS, true, false}:     "mips64",
	{elf.EM_MIPS, false, true}:     "mipsle",
	{elf.EM_MIPS, false, false}:    "mips",
}

func elfArch(machine elf.Machine, wide, little bool) string {
	if name := elfArchs[elfMachine{machine, wide, little}]; name != "" {
		return name
	}
	return fmt.Sprintf("unknown machine %d", machine)
}
