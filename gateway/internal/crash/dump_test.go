package crash

import (
	"bytes"
	"slices"
	"testing"
)

const segv = "SIGSEGV: segmentation violation\nPC=0x7f8e1b239223 m=0 sigcode=1 addr=0x10\nsignal arrived during cgo execution\n\n" +
	"goroutine 1 gp=0x3284464aa1e0 m=0 mp=0x766320 [syscall]:\n" +
	"runtime.cgocall(0x556b40, 0x32844658a580)\n\t/usr/local/go/src/runtime/cgocall.go:167 +0x4b fp=0x3284465ab8d8 sp=0x3284465ab8a0 pc=0x48252b\n" +
	"github.com/ebitengine/purego.syscall_SyscallN(0x7f8e1b2393ca, {0x3284465abaa0, 0x20, 0x41f6b4?}, {0x3284465abbb0, 0x20, 0x56cf3e?}, 0x0)\n" +
	"\t/p/syscall.go:50 +0x587 fp=0x3284465aba58 sp=0x3284465ab8d8 pc=0x555547\n" +
	"github.com/edge-gateway/edge-gateway/abi.(*Instance).Enter(0x3284465c0300, 0x328446529500)\n" +
	"\t/p/abi/instance.go:274 +0x129 fp=0x3284465abd20 sp=0x3284465abcf0 pc=0x566ac9\n\n"

const others = "goroutine 5 gp=0x3284465d0000 m=4 mp=0x3284464e9808 [syscall]:\n" +
	"github.com/ebitengine/purego.syscall_SyscallN(0x7f8e1b6c33ca, {0x3284464f2cb0, 0x20, 0x20?}, {0x3284464f2dc0, 0x20, 0x20?}, 0x0)\n\n" +
	"rax    0x0\nrip    0x7f8e1b239223\n"

func TestOnlyTheGoroutineAtFaultIsRead(t *testing.T) {
	d := parse([]byte(segv+others), nil)
	if d.signal != "SIGSEGV: segmentation violation" || d.pc != 0x7f8e1b239223 || d.address != 0x10 || d.own != "" || d.loading ||
		!slices.Equal(d.called, []uint64{0x7f8e1b2393ca}) || !slices.Equal(d.frames, []uint64{0x328446529500}) ||
		!slices.Equal(d.registers, []string{"rax 0x0", "rip 0x7f8e1b239223"}) {
		t.Errorf("%+v", d)
	}
}

func TestEnoughIsTheHeadAndTheWholeFirstGoroutine(t *testing.T) {
	own := "panic: oh\n\ngoroutine 1 [running]:\nmain.main()\n\n"
	fatal := "runtime stack:\nruntime.throw({0x1, 0x2})\n\ngoroutine 7 gp=0x1 m=3 mp=0x2 [running]:\nmain.main()\n\n"
	for _, text := range []string{segv, own, fatal} {
		for n := range len(text) {
			if Enough([]byte(text[:n])) {
				t.Fatalf("enough after %q", text[:n])
			}
		}
		if !Enough([]byte(text)) || !Enough([]byte(text+others)) {
			t.Errorf("not enough: %q", text)
		}
	}
}

func TestTheProgramsOwnEndIsItsOwn(t *testing.T) {
	const goroutines = "\ngoroutine 1 [running]:\n"
	for _, test := range []struct {
		output, printed string
		own             string
		is              bool // its own fault
	}{
		{"panic: oh\n" + goroutines, "panic: oh\n" + goroutines, "panic: oh", true},
		{goroutines, "fatal error: concurrent map writes\n" + goroutines, "fatal error: concurrent map writes", true},
		{"panic: runtime error: floating point error\n" + goroutines, "", "panic: runtime error: floating point error", false},
		{goroutines, "fatal error: out of memory\n", "fatal error: out of memory", true},
		{"runtime stack:\n" + goroutines, "fatal error: found bad pointer in Go heap\n", "fatal error: found bad pointer in Go heap", false},
		{goroutines, "fatal error: runtime: netpoll failed\n", "fatal error: runtime: netpoll failed", false},
		{"", "panic: of a handler's runtime\n" + goroutines, "", false},
		{"", "fatal error: of a handler's runtime\n" + goroutines, "", false},
		{"", "", "", false},
	} {
		if d := parse([]byte(test.output), []byte(test.printed)); d.own != test.own || d.isOwn() != test.is || d.signal != "" {
			t.Errorf("%q: %+v", test.printed, d)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(segv + others))
	f.Add([]byte("fatal error: x\nSIGSEGV: y\nPC=0x1 m=-1 sigcode=1"))
	f.Fuzz(func(t *testing.T, output []byte) {
		d := parse(output, output)
		if Enough(output) && !bytes.Contains(output, []byte("\ngoroutine ")) {
			t.Errorf("enough, but %+v", d)
		}
		if bytes.ContainsAny([]byte(d.signal+d.own), "\n") {
			t.Errorf("%+v", d)
		}
	})
}
