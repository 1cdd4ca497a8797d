package crash

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
)

// dump is what Go's runtime wrote when it ended.
type dump struct {
	signal  string // "SIGSEGV: segmentation violation"; "" if it was no fault of native code
	pc      uint64
	address uint64
	own     string // why the program itself ended, in its own words: a panic, or a fatal error
	fatal   string // that error

	// Of the goroutine at fault.
	called  []uint64 // native functions that it had called, the last one first
	frames  []uint64 // addresses of frames that it was at
	loading bool     // it was loading a library

	registers []string
}

var (
	headLine     = regexp.MustCompile(`(?m)^(SIG[A-Z]+: .*)\nPC=0x([0-9a-f]+) m=-?\d+ sigcode=-?\d+(?: addr=0x([0-9a-f]+))?$`)
	ownLine      = regexp.MustCompile(`(?m)^(panic: .*)$`)
	fatalLine    = regexp.MustCompile(`(?m)^fatal error: (.*)$`)
	calledLine   = regexp.MustCompile(`(?m)^github\.com/ebitengine/purego\.syscall_SyscallN\(0x([0-9a-f]+),`)
	frameLine    = regexp.MustCompile(`(?m)^github\.com/edge-gateway/edge-gateway/abi\.\(\*Instance\)\.(?:Enter|Resume|Release)\(0x[0-9a-f]+\??, 0x([0-9a-f]+)\??[,)]`)
	registerLine = regexp.MustCompile(`(?m)^([a-z][a-z0-9]{1,5}) +(0x[0-9a-f]+)$`)
)

// isOwn tells whether the program has itself to blame for its end. Most of what
// the runtime calls fatal is damage instead, to its memory or its descriptors,
// as only native code does it; and without that no arithmetic ends it.
func (d dump) isOwn() bool {
	return d.own != "" && !strings.Contains(d.own, "floating point error") && (d.fatal == "" || ownErrors.MatchString(d.fatal))
}

var ownErrors = regexp.MustCompile(`^(concurrent map|all goroutines are asleep|sync: |stack overflow|out of memory|runtime: out of memory)`)

// parse reads what the runtime wrote; of the dump of all goroutines the first
// one is that at fault. The output may end anywhere. That an error is fatal it
// says before it knows that it ends, so that this is only printed.
func parse(output, printed []byte) (d dump) {
	if own := ownLine.FindSubmatch(output); own != nil {
		d.own = string(own[1])
	}
	if fatal := fatalLine.FindSubmatch(printed); fatal != nil && bytes.Contains(output, []byte("\ngoroutine ")) {
		d.own, d.fatal = string(fatal[0]), string(fatal[1])
	}
	head := headLine.FindSubmatchIndex(output)
	if head == nil {
		return d
	}
	d.signal = string(output[head[2]:head[3]])
	d.pc = hex(string(output[head[4]:head[5]]))
	if head[6] >= 0 {
		d.address = hex(string(output[head[6]:head[7]]))
	}
	first, _, _ := bytes.Cut(firstGoroutine(output[head[1]:]), []byte("\n\n"))
	for _, called := range calledLine.FindAllSubmatch(first, -1) {
		d.called = append(d.called, hex(string(called[1])))
	}
	for _, frame := range frameLine.FindAllSubmatch(first, -1) {
		d.frames = append(d.frames, hex(string(frame[1])))
	}
	d.loading = bytes.Contains(first, []byte("\ngithub.com/ebitengine/purego.Dlopen("))
	for _, register := range registerLine.FindAllSubmatch(output[head[1]:], 64) {
		d.registers = append(d.registers, string(register[1])+" "+string(register[2]))
	}
	return d
}

// firstGoroutine is the block of the goroutine that comes first, and what
// follows it.
func firstGoroutine(output []byte) []byte {
	begin := bytes.Index(output, []byte("\ngoroutine "))
	if begin < 0 {
		return nil
	}
	return output[begin+1:]
}

// Enough tells whether the output of a process that ends has everything that
// blame is settled by, so that nobody has to wait for the rest: with thousands
// of goroutines that takes a second.
func Enough(output []byte) bool {
	if head := headLine.FindIndex(output); head != nil {
		output = output[head[1]:]
	}
	return bytes.Contains(firstGoroutine(output), []byte("\n\n"))
}

func hex(digits string) uint64 {
	n, err := strconv.ParseUint(strings.TrimPrefix(digits, "0x"), 16, 64)
	if err != nil {
		return 0
	}
	return n
}
