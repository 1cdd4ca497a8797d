package process

import (
	"bytes"
	"strings"
	"testing"
)

func TestWhatAWorkerPrintsIsPassedOnWithoutTheRuntimesLastWords(t *testing.T) {
	const said = "a handler says this\nand this\n"
	const last = "SIGSEGV: segmentation violation\nPC=0x1 m=0 sigcode=1\n\ngoroutine 1 [syscall]:\n"
	for _, test := range []struct {
		name, text, now string
		known           bool
		end             string
	}{
		{"lines", said, said, false, said},
		{"a line without an end", said + "half", said, false, said + "half"},
		{"a crash that is kept", said + last, said, true, said},
		{"a crash of another runtime", said + last, said, false, said + last},
		{"a long line", strings.Repeat("x", 2*heldMost), "", false, strings.Repeat("x", 2*heldMost)},
	} {
		for _, size := range []int{1, 7, 1 << 20} {
			var out bytes.Buffer
			p := &Printed{To: &out}
			for chunk := range chunks(test.text, size) {
				if n, err := p.Write([]byte(chunk)); n != len(chunk) || err != nil {
					t.Fatal(n, err)
				}
			}
			if got := out.String(); got != test.now && test.now != "" {
				t.Errorf("%s by %d: %q before the end", test.name, size, got)
			}
			p.Release(test.known)
			if got := out.String(); got != test.end {
				t.Errorf("%s by %d: %d bytes %.60q at the end", test.name, size, len(got), got)
			}
		}
	}
}

func chunks(text string, size int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for len(text) > 0 {
			n := min(size, len(text))
			if !yield(text[:n]) {
				return
			}
			text = text[n:]
		}
	}
}
