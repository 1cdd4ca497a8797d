package worker

import (
	"bytes"
	"io"
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
			p := &printed{to: &out}
			for chunk := range chunks(test.text, size) {
				if n, err := p.Write([]byte(chunk)); n != len(chunk) || err != nil {
					t.Fatal(n, err)
				}
			}
			if got := out.String(); got != test.now && test.now != "" {
				t.Errorf("%s by %d: %q before the end", test.name, size, got)
			}
			p.release(test.known)
			if got := out.String(); got != test.end {
				t.Errorf("%s by %d: %d bytes %.60q at the end", test.name, size, len(got), got)
			}
		}
	}
}

func TestWhyAProcessEndsIsRemembered(t *testing.T) {
	for _, test := range []struct{ text, why string }{
		{"", ""},
		{"a handler says this\nand this\n", ""},
		{"panic: oh\n\ngoroutine 1 [running]:\nmain.main()\n", "panic: oh\n\ngoroutine 1 [running]:\nmain.main()\n"},
		{"panic: oh\npanic: again\nx\n", "panic: again\nx\n"},
		{strings.Repeat("garbage\n", 10_000) + "thread '<unnamed>' (7) panicked at src/lib.rs:9:5:\noh\n", "thread '<unnamed>' (7) panicked at src/lib.rs:9:5:\noh\n"},
		{"free(): double free detected in tcache 2\n", "free(): double free detected in tcache 2\n"},
		{"panic: " + strings.Repeat("x", 2*saidMost) + "\ny\n", "panic: " + strings.Repeat("x", saidMost-7)},
	} {
		for _, size := range []int{1, 7, 1 << 20} {
			p := &printed{to: io.Discard}
			for chunk := range chunks(test.text, size) {
				_, _ = p.Write([]byte(chunk))
			}
			if got := string(p.why()); got != test.why {
				t.Errorf("%.20q by %d: %q", test.text, size, got)
			}
			p.when = p.when.Add(-saidLast)
			if got := p.why(); got != nil {
				t.Errorf("%.20q by %d, long ago: %q", test.text, size, got)
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
