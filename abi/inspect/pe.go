package inspect

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"fmt"
	"slices"
)

// peFile is a Windows image. Its tables refer to each other by addresses
// relative to where the image is loaded, which the sections map to the file.
type peFile struct {
	reader
	report   *Report
	wide     bool
	sections []peSection
}

type peSection struct{ address, virtual, offset, size, flags uint64 }

// maxSections is what Windows itself accepts.
const maxSections = 96

func parsePE(data []byte) (*Report, error) {
	f := &peFile{report: &Report{Format: PE, OS: "windows"}}
	f.data, f.what, f.order = data, "the PE header", binary.LittleEndian
	at := uint64(f.u32(0x3c))
	if signature := f.bytes(at, 4); signature != nil && !bytes.Equal(signature, []byte("PE\x00\x00")) {
		f.fail("it starts like a DOS program and has no PE header")
	}
	at += 4
	flags := f.u16(at + 18)
	f.report.Arch = peArch(f.u16(at))
	f.report.Kind = Other
	switch {
	case flags&pe.IMAGE_FILE_DLL != 0:
		f.report.Kind = Library
	case flags&pe.IMAGE_FILE_EXECUTABLE_IMAGE != 0:
		f.report.Kind = Executable
	}
	sections, optional := uint64(f.u16(at+2)), uint64(f.u16(at+16))
	f.readSymbolTable(uint64(f.u32(at+8)), uint64(f.u32(at+12)))
	at += 20
	f.readSections(at+optional, sections)
	exports, imports := f.readDirectories(at, optional)
	f.readExports(exports)
	f.readImports(imports)
	if f.err != nil {
		return nil, f.err
	}
	f.report.guessLanguage(data)
	f.report.sort()
	return f.report, nil
}

// readSymbolTable sees that the table at the end of the file is whole. Nothing
// needs it, but a file that lacks it was cut off.
func (f *peFile) readSymbolTable(offset, count uint64) {
	if offset == 0 {
		return
	}
	f.what = "the table of symbols"
	f.bytes(offset, count*pe.COFFSymbolSize)
	end := offset + count*pe.COFFSymbolSize
	f.what = "the table of names"
	f.bytes(end, uint64(f.u32(end)))
}

func (f *peFile) readSections(at, count uint64) {
	f.what = "the table of sections"
	if count > maxSections {
		f.fail("it has %d sections, at most %d make sense", count, maxSections)
		return
	}
	f.bytes(at, count*40)
	total := uint64(0)
	for ; count > 0 && f.err == nil; at, count = at+40, count-1 {
		section := peSection{
			address: uint64(f.u32(at + 12)), virtual: uint64(f.u32(at + 8)),
			offset: uint64(f.u32(at + 20)), size: uint64(f.u32(at + 16)), flags: uint64(f.u32(at + 36)),
		}
		f.what = "a section"
		content := f.bytes(section.offset, section.size)
		if total += section.size; total > uint64(len(f.data)) {
			f.fail("its sections overlap")
			return
		}
		if section.flags&pe.IMAGE_SCN_CNT_INITIALIZED_DATA != 0 && holdsGoBuildInfo(content) {
			f.report.Go = true
		}
		f.sections = append(f.sections, section)
	}
}

// readDirectories returns where the export and import tables are, or 0.
func (f *peFile) readDirectories(at, size uint64) (exports, imports uint64) {
	f.what = "the optional header"
	table := uint64(96)
	switch f.u16(at) {
	case 0x20b:
		f.wide, table = true, 112
	case 0x10b:
	default:
		f.fail("its optional header is of an unknown kind")
	}
	if table > size {
		f.fail("its optional header ends before the table of directories")
		return 0, 0
	}
	count := min(uint64(f.u32(at+table-4)), (size-table)/8)
	if count > pe.IMAGE_DIRECTORY_ENTRY_EXPORT {
		exports = uint64(f.u32(at + table + 8*pe.IMAGE_DIRECTORY_ENTRY_EXPORT))
	}
	if count > pe.IMAGE_DIRECTORY_ENTRY_IMPORT {
		imports = uint64(f.u32(at + table + 8*pe.IMAGE_DIRECTORY_ENTRY_IMPORT))
	}
	return exports, imports
}

// section finds the section of an address. One whose virtual size is 0 is as
// long as its content in the file.
func (f *peFile) section(address uint64) (peSection, bool) {
	i := slices.IndexFunc(f.sections, func(s peSection) bool {
		return address >= s.address && address-s.address < max(s.virtual, s.size)
	})
	if i < 0 {
		return peSection{}, false
	}
	return f.sections[i], true
}

// mapped turns a relative address into an offset.
func (f *peFile) mapped(address uint64) uint64 {
	section, ok := f.section(address)
	if !ok || address-section.address >= section.size {
		f.fail("%s points to address %#x, which no section of the file holds", f.what, address)
		return 0
	}
	return section.offset + (address - section.address)
}

func (f *peFile) readExports(address uint64) {
	if address == 0 || f.err != nil {
		return
	}
	f.what = "the export table"
	at := f.mapped(address)
	functions, names := uint64(f.u32(at+20)), uint64(f.u32(at+24))
	if names == 0 || f.err != nil {
		f.report.Exports = int(min(functions, 1<<16))
		return
	}
	// An ordinal has 16 bits, so no table is longer.
	if functions > 1<<16 || names > 1<<16 {
		f.fail("it says to export %d functions under %d names", functions, names)
		return
	}
	addresses, nameTable, ordinals := f.mapped(uint64(f.u32(at+28))), f.mapped(uint64(f.u32(at+32))), f.mapped(uint64(f.u32(at+36)))
	f.bytes(nameTable, names*4)
	f.bytes(ordinals, names*2)
	f.bytes(addresses, functions*4)
	for i := uint64(0); i < names && f.err == nil; i++ {
		ordinal := uint64(f.u16(ordinals + i*2))
		if ordinal >= functions {
			f.fail("an export has number %d of %d", ordinal, functions)
			return
		}
		section, found := f.section(uint64(f.u32(addresses + ordinal*4)))
		code := found && section.flags&pe.IMAGE_SCN_MEM_EXECUTE != 0
		f.report.export(f.text(f.mapped(uint64(f.u32(nameTable+i*4)))), code)
	}
}

func (f *peFile) readImports(address uint64) {
	if address == 0 || f.err != nil {
		return
	}
	f.what = "the import table"
	for at, count := f.mapped(address), 0; f.err == nil && count < maxNeeded; at, count = at+20, count+1 {
		name := uint64(f.u32(at + 12))
		if name == 0 {
			return
		}
		f.report.need(f.text(f.mapped(name)))
	}
}

func peArch(machine uint16) string {
	switch machine {
	case pe.IMAGE_FILE_MACHINE_AMD64:
		return "amd64"
	case pe.IMAGE_FILE_MACHINE_I386:
		return "386"
	case pe.IMAGE_FILE_MACHINE_ARM64:
		return "arm64"
	case pe.IMAGE_FILE_MACHINE_ARMNT:
		return "arm"
	}
	return fmt.Sprintf("unknown machine %#x", machine)
}
