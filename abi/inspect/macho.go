package inspect

import (
	"bytes"
	"debug/macho"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// machoFile is a Mach-O file of one architecture.
type machoFile struct {
	reader
	report   *Report
	wide     bool
	sections []bool // of each section, counted from 1 in symbols: holds code
}

// Bounds on a file's tables; real ones have tens of commands and two slices.
const (
	maxCommands = 4096
	maxSlices   = 32
)

// Load commands and section types that debug/macho does not name.
const (
	loadWeakDylib    = 0x80000018
	reexportDylib    = 0x8000001f
	lazyLoadDylib    = 0x20
	loadUpwardDylib  = 0x80000023
	sectionInits     = 0x9  // S_MOD_INIT_FUNC_POINTERS
	sectionInitsRel  = 0x16 // S_INIT_FUNC_OFFSETS
	pureInstructions = 0x80000000
	someInstructions = 0x00000400
)

func isMachO(data []byte) bool {
	if len(data) < 4 {
		return false
	}
	little, big := binary.LittleEndian.Uint32(data), binary.BigEndian.Uint32(data)
	return little == macho.Magic64 || little == macho.Magic32 || big == macho.Magic64 || big == macho.Magic32
}

// isUniversal tells a universal file from a Java class, which has the same
// first bytes and a version above 40 where this has the number of slices.
func isUniversal(data []byte) bool {
	const fat64 = macho.MagicFat + 1
	if len(data) < 8 {
		return false
	}
	magic := binary.BigEndian.Uint32(data)
	return (magic == macho.MagicFat || magic == fat64) && binary.BigEndian.Uint32(data[4:]) <= maxSlices
}

func parseUniversal(data []byte) (*Report, error) {
	r := reader{data: data, order: binary.BigEndian, what: "the table of architectures"}
	wide := r.u32(0) != macho.MagicFat
	report := &Report{Format: MachO, OS: "darwin", Kind: Other}
	var archs []string
	for i, count := uint64(0), uint64(r.u32(4)); i < count; i++ {
		offset, size := uint64(r.u32(8+i*20+8)), uint64(r.u32(8+i*20+12))
		if wide {
			offset, size = r.u64(8+i*32+8), r.u64(8+i*32+16)
		}
		slice := r.bytes(offset, size)
		if r.err != nil {
			return nil, r.err
		}
		if !isMachO(slice) {
			return nil, fmt.Errorf("%w: what it holds for architecture %d is no Mach-O file", ErrMalformed, i+1)
		}
		part, err := parseMachO(slice)
		if err != nil {
			return nil, err
		}
		part.Size = int64(size)
		report.Kind = part.Kind
		report.Slices = append(report.Slices, part)
		archs = append(archs, part.Arch)
	}
	report.Arch = strings.Join(archs, ", ")
	return report, r.err
}

func parseMachO(data []byte) (*Report, error) {
	f := &machoFile{report: &Report{Format: MachO, OS: "darwin"}}
	f.data, f.what, f.order = data, "the Mach-O header", binary.LittleEndian
	if data[0] == 0xfe {
		f.order = binary.BigEndian
	}
	f.wide = f.u32(0) == macho.Magic64
	f.report.Arch = machoArch(macho.Cpu(f.u32(4)))
	f.report.Kind = machoKind(macho.Type(f.u32(12)))
	count, at := f.u32(16), uint64(28)
	if f.wide {
		at = 32
	}
	if count > maxCommands {
		f.fail("it has %d load commands, at most %d make sense", count, maxCommands)
	}
	f.what = "the load commands"
	f.bytes(at, uint64(f.u32(20)))
	var symbols uint64
	for ; count > 0 && f.err == nil; count-- {
		command, size := f.u32(at), uint64(f.u32(at+4))
		f.what = "a load command"
		if size < 8 {
			f.fail("a load command is %d bytes long", size)
		}
		f.bytes(at, size)
		switch command {
		case uint32(macho.LoadCmdSegment64):
			f.readSegment(at, 72, 80)
		case uint32(macho.LoadCmdSegment):
			f.readSegment(at, 56, 68)
		case uint32(macho.LoadCmdDylib), loadWeakDylib, reexportDylib, lazyLoadDylib, loadUpwardDylib:
			f.report.need(f.text(at + uint64(f.u32(at+8))))
		case uint32(macho.LoadCmdSymtab):
			symbols = at
		}
		at += size
	}
	if symbols != 0 {
		f.readSymbols(symbols)
	}
	if f.err != nil {
		return nil, f.err
	}
	f.report.guessLanguage(data)
	f.report.sort()
	return f.report, nil
}

// readSegment reads a segment command of the given length and the sections
// behind it.
func (f *machoFile) readSegment(at, header, step uint64) {
	pick := func(wide, narrow uint64) uint64 {
		if f.wide {
			return wide
		}
		return narrow
	}
	f.what = "a segment"
	if f.wide {
		f.bytes(f.u64(at+40), f.u64(at+48))
	} else {
		f.bytes(uint64(f.u32(at+32)), uint64(f.u32(at+36)))
	}
	count := uint64(f.u32(at + pick(64, 48)))
	// The number of a section has 8 bits.
	if count > 255 {
		f.fail("a segment has %d sections", count)
	}
	for at += header; count > 0 && f.err == nil; at, count = at+step, count-1 {
		f.what = "a section"
		name, _, _ := bytes.Cut(f.bytes(at, 16), []byte{0})
		size := uint64(f.u32(at + pick(40, 36)))
		flags := f.u32(at + pick(64, 56))
		switch flags & 0xff {
		case sectionInits:
			f.report.InitCount += int(min(size, uint64(len(f.data))) / pick(8, 4))
		case sectionInitsRel:
			f.report.InitCount += int(min(size, uint64(len(f.data))) / 4)
		}
		if string(name) == "__go_buildinfo" {
			f.report.Go = true
		}
		f.sections = append(f.sections, flags&(pureInstructions|someInstructions) != 0)
	}
}

func (f *machoFile) readSymbols(command uint64) {
	f.what = "the table of symbols"
	table, count := uint64(f.u32(command+8)), uint64(f.u32(command+12))
	strings, size := uint64(f.u32(command+16)), uint64(f.u32(command+20))
	step := uint64(12)
	if f.wide {
		step = 16
	}
	f.bytes(table, count*step)
	f.bytes(strings, size)
	const (
		debugging, private, kind, external = 0xe0, 0x10, 0x0e, 0x01
		defined                            = 0x0e // in a section
	)
	for at := table; count > 0 && f.err == nil; at, count = at+step, count-1 {
		entry := f.bytes(at+4, 2) // type, section
		if entry == nil || entry[0]&(debugging|private|external) != external || entry[0]&kind != defined {
			continue
		}
		name := f.text(strings + uint64(f.u32(at)))
		section := int(entry[1]) - 1
		code := section >= 0 && section < len(f.sections) && f.sections[section]
		f.report.export(bytes.TrimPrefix(name, []byte("_")), code)
	}
}

func machoKind(kind macho.Type) Kind {
	switch kind {
	case macho.TypeDylib, macho.TypeBundle:
		return Library
	case macho.TypeExec:
		return Executable
	case macho.TypeObj:
		return Object
	case 4: // MH_CORE
		return Core
	}
	return Other
}

func machoArch(cpu macho.Cpu) string {
	switch cpu {
	case macho.CpuAmd64:
		return "amd64"
	case macho.CpuArm64:
		return "arm64"
	case macho.Cpu386:
		return "386"
	case macho.CpuArm:
		return "arm"
	case macho.CpuPpc64:
		return "ppc64"
	}
	return fmt.Sprintf("unknown machine %d", cpu)
}

// slice picks the architecture of a universal file; other files are their own
// only one. Nil if there is none.
func (r *Report) slice(arch string) *Report {
	if r.Slices == nil {
		return r
	}
	if i := slices.IndexFunc(r.Slices, func(s *Report) bool { return s.Arch == arch }); i >= 0 {
		return r.Slices[i]
	}
	return nil
}
