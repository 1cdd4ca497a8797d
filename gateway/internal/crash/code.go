package crash

import (
	"debug/elf"
	"fmt"
	"strings"
	"unicode"
)

// code is what the file of a library tells of its addresses.
type code struct {
	executable []elf.ProgHeader
	lowest     uint64
	symbols    []elf.Symbol
}

// readCode reads a library; an empty code if it cannot be read.
func readCode(path string) (c code) {
	file, err := elf.Open(path)
	if err != nil {
		return c
	}
	defer file.Close()
	first := true
	for _, p := range file.Progs {
		if p.Type != elf.PT_LOAD {
			continue
		}
		if first || p.Vaddr < c.lowest {
			c.lowest, first = p.Vaddr, false
		}
		if p.Flags&elf.PF_X != 0 {
			c.executable = append(c.executable, p.ProgHeader)
		}
	}
	if c.symbols, err = file.Symbols(); err != nil { // stripped
		c.symbols, _ = file.DynamicSymbols()
	}
	return c
}

// isCode tells whether there is code at an offset from where the library lies.
func (c code) isCode(offset uint64) bool {
	at := c.lowest + offset
	for _, p := range c.executable {
		if at >= p.Vaddr && at < p.Vaddr+p.Memsz {
			return true
		}
	}
	return false
}

// name is the nearest symbol of a function before an offset, and how far. What
// a compiler has made of a function beside it ("f.localalias") goes by it.
func (c code) name(offset uint64) string {
	at := c.lowest + offset
	var best *elf.Symbol
	for i := range c.symbols {
		s := &c.symbols[i]
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC && s.Section != elf.SHN_UNDEF && s.Value <= at &&
			(best == nil || s.Value > best.Value || s.Value == best.Value && strings.Contains(best.Name, ".")) {
			best = s
		}
	}
	if best == nil {
		return fmt.Sprintf("+0x%x", at)
	}
	return fmt.Sprintf("%s+0x%x", printable(best.Name), at-best.Value)
}

// caller is the name of where a call will return to: an instruction behind it,
// which may be another function's if the call was the last of its own.
func (c code) caller(offset uint64) string {
	name := c.name(offset - 1)
	plus := strings.LastIndexByte(name, '+')
	return fmt.Sprintf("%s+0x%x", name[:plus], hex(name[plus+1:])+1)
}

// printable is a name that a library has chosen, as it can be shown.
func printable(name string) string {
	const longest = 120
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, name)
	if len(name) > longest {
		name = strings.ToValidUTF8(name[:longest], "") + "..."
	}
	return name
}
