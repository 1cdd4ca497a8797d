package inspect

import (
	"bytes"
	"debug/elf"
)

// maxVersions bounds the walk over symbol versions, whose links a hostile file
// can tie into a very long chain.
const maxVersions = 4096

// readDynamic reads what the loader acts on: libraries, flags, symbols.
func (f *elfFile) readDynamic(dynamic elfSegment) {
	f.what = "the dynamic section"
	tags := map[elf.DynTag]uint64{}
	var needed []uint64
	for at, end := dynamic.offset, dynamic.offset+dynamic.size; end-at >= 2*f.size; at += 2 * f.size {
		tag, value := elf.DynTag(f.address(at)), f.address(at+f.size)
		if tag == elf.DT_NULL || f.err != nil {
			break
		}
		if tag == elf.DT_NEEDED && len(needed) < maxNeeded {
			needed = append(needed, value)
		}
		tags[tag] = value
	}
	flags, flags1 := elf.DynFlag(tags[elf.DT_FLAGS]), elf.DynFlag1(tags[elf.DT_FLAGS_1])
	_, textRel := tags[elf.DT_TEXTREL]
	f.report.TextRel = textRel || flags&elf.DF_TEXTREL != 0
	f.report.StaticTLS = flags&elf.DF_STATIC_TLS != 0
	f.report.InitCount = int(min(tags[elf.DT_INIT_ARRAYSZ], uint64(len(f.data))) / f.size)
	if flags1&elf.DF_1_PIE != 0 {
		f.report.Kind = Executable
	}
	if tags[elf.DT_SYMTAB] == 0 || tags[elf.DT_STRTAB] == 0 {
		return
	}
	strings := f.mapped(tags[elf.DT_STRTAB])
	f.what = "the name of a library"
	for _, name := range needed {
		f.report.need(f.text(strings + name))
	}
	f.readSymbols(f.mapped(tags[elf.DT_SYMTAB]), strings, f.symbolCount(tags))
	f.readVersionsNeeded(tags[elf.DT_VERNEED], strings)
	f.readVersionsDefined(tags[elf.DT_VERDEF], strings)
	f.report.Libc = elfLibc(f.report.Needed)
}

// mapped turns an address, as it would be in memory, into an offset.
func (f *elfFile) mapped(address uint64) uint64 {
	for _, load := range f.loads {
		if address >= load.address && address-load.address < load.size {
			return load.offset + (address - load.address)
		}
	}
	f.fail("%s points to address %#x, which no segment of the file holds", f.what, address)
	return 0
}

// symbolCount finds the length of the symbol table, which is written nowhere
// but in the hash tables over it.
func (f *elfFile) symbolCount(tags map[elf.DynTag]uint64) uint64 {
	f.what = "the hash table of symbols"
	if address := tags[elf.DT_HASH]; address != 0 {
		return uint64(f.u32(f.mapped(address) + 4))
	}
	if tags[elf.DT_GNU_HASH] == 0 {
		return 0
	}
	table := f.mapped(tags[elf.DT_GNU_HASH])
	buckets, first, blooms := uint64(f.u32(table)), uint64(f.u32(table+4)), uint64(f.u32(table+8))
	at := table + 16 + blooms*f.size
	chains := at + buckets*4
	f.bytes(at, buckets*4)
	last := uint64(0)
	for ; buckets > 0 && f.err == nil; at, buckets = at+4, buckets-1 {
		last = max(last, uint64(f.u32(at)))
	}
	if last < first {
		return first // nothing is defined
	}
	// The last chain ends at an entry with its lowest bit set.
	for f.err == nil && f.u32(chains+(last-first)*4)&1 == 0 {
		last++
	}
	return last + 1
}

func (f *elfFile) readSymbols(table, strings, count uint64) {
	f.what = "the table of symbols"
	step := f.pick(24, 16)
	f.bytes(table, count*step)
	for at := table; count > 0 && f.err == nil; at, count = at+step, count-1 {
		name := f.text(strings + uint64(f.u32(at)))
		symbol := f.bytes(at+f.pick(4, 12), 4) // info, other, section
		if symbol == nil {
			return
		}
		if elf.SectionIndex(f.order.Uint16(symbol[2:])) == elf.SHN_UNDEF {
			if bytes.HasPrefix(name, []byte("__gxx_personality_")) {
				f.report.Language = "c++"
			}
			continue
		}
		visibility := elf.ST_VISIBILITY(symbol[1])
		if elf.ST_BIND(symbol[0]) == elf.STB_LOCAL || visibility == elf.STV_HIDDEN || visibility == elf.STV_INTERNAL {
			continue
		}
		kind := elf.ST_TYPE(symbol[0])
		// Symbols written in assembly often have no type.
		f.report.export(name, kind == elf.STT_FUNC || kind == elf.STT_GNU_IFUNC || kind == elf.STT_NOTYPE)
	}
}

// readVersionsNeeded walks the versions of symbols that other libraries have to
// provide, and keeps the highest of glibc.
func (f *elfFile) readVersionsNeeded(address, strings uint64) {
	if address == 0 || f.err != nil {
		return
	}
	f.what = "the table of versions needed"
	for at, walked := f.mapped(address), 0; f.err == nil && walked < maxVersions; walked++ {
		for entry := at + uint64(f.u32(at+8)); f.err == nil && walked < maxVersions; walked++ {
			name := string(f.text(strings + uint64(f.u32(entry+8))))
			if name == "GLIBC_ABI_DT_RELR" {
				name = "GLIBC_2.36" // the first that understands such relocations
			}
			f.report.Glibc = laterGlibc(f.report.Glibc, name)
			next := uint64(f.u32(entry + 12))
			if next == 0 {
				break
			}
			entry += next
		}
		next := uint64(f.u32(at + 12))
		if next == 0 {
			break
		}
		at += next
	}
}

// readVersionsDefined does the same for what this library provides itself: for
// the C library it is its own version.
func (f *elfFile) readVersionsDefined(address, strings uint64) {
	if address == 0 || f.err != nil {
		return
	}
	f.what = "the table of versions defined"
	for at, walked := f.mapped(address), 0; f.err == nil && walked < maxVersions; walked++ {
		name := f.text(strings + uint64(f.u32(at+uint64(f.u32(at+12)))))
		f.report.glibcDefined = laterGlibc(f.report.glibcDefined, string(name))
		next := uint64(f.u32(at + 16))
		if next == 0 {
			break
		}
		at += next
	}
}
