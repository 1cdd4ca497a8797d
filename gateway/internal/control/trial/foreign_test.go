package trial

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestReadCrash(t *testing.T) {
	const native = "SIGSEGV: segmentation violation\nPC=0x7f3d m=0 sigcode=1 addr=0x8\nsignal arrived during cgo execution\n\ngoroutine 1 gp=0x1 [syscall]:\nruntime.cgocall(0x1)\n"
	for _, test := range []struct {
		name, output, signal, panic string
		lines                       []string
	}{
		{"nothing", "", "", "", nil},
		{"words alone", "one\n\ntwo  \n", "", "", []string{"one", "two"}},
		{"a signal", "about to\n" + native, "SIGSEGV", "", []string{"about to", "SIGSEGV: segmentation violation"}},
		{"a signal after a panic that was caught", "panic: not so bad\n" + native, "SIGSEGV", "", []string{"panic: not so bad", "SIGSEGV: segmentation violation"}},
		{"words about a signal", "SIGTERM: what is that\n", "", "", []string{"SIGTERM: what is that"}},
		{"a panic", "words\npanic: no\n\ngoroutine 5 [running]:\nmain.f()\n", "", "panic: no", []string{"words", "panic: no", "goroutine 5 [running]:", "main.f()"}},
		{"a runtime", "fatal error: all goroutines are asleep - deadlock!\n", "", "fatal error: all goroutines are asleep - deadlock!", []string{"fatal error: all goroutines are asleep - deadlock!"}},
	} {
		c := readCrash(test.output)
		if c.signal != test.signal || c.panic != test.panic || !slices.Equal(c.lines, test.lines) {
			t.Errorf("%s: %+v", test.name, c)
		}
	}
}

// What a library prints is anything.
func FuzzReadCrash(f *testing.F) {
	f.Add("SIGSEGV: x\nPC=0\n")
	f.Add("panic: \xff\n\x00")
	f.Add(strings.Repeat("line\n", 100) + "fatal error: x\n")
	f.Fuzz(func(t *testing.T, output string) {
		c := readCrash(output)
		if len(c.lines) > 2*outputLines+1 {
			t.Errorf("%d lines", len(c.lines))
		}
		for _, line := range c.lines[:min(len(c.lines), outputLines)] {
			if !utf8.ValidString(line) || strings.Contains(line, "\n") || len(line) > lineLimit+len("...") {
				t.Errorf("line %q", line)
			}
		}
	})
}

// What comes as events is the library's to write over: it is read to its end, and
// none of it is taken that makes no sense.
func FuzzReadEvents(f *testing.F) {
	f.Add(`{"phase":"loading"}` + "\n" + `{"log":{"message":"x"}}` + "\n" + `{"done":true}` + "\n")
	f.Add("{\"done\":true}\nnothing\n{\"done\":true}\n")
	f.Add(strings.Repeat("x", eventLimit+1))
	f.Fuzz(func(t *testing.T, text string) {
		from := strings.NewReader(text)
		events := make(chan event)
		go readEvents(from, events)
		p := process{}
		for e := range events {
			p.note(e)
		}
		if from.Len() > 0 || len(p.result.Log) >= 2*logLines {
			t.Errorf("%d bytes are left, %d lines", from.Len(), len(p.result.Log))
		}
	})
}

func TestReadTailKeepsTheEnd(t *testing.T) {
	long := strings.Repeat("0123456789", outputLimit)
	if got := readTail(strings.NewReader(long + "end")); len(got) != outputLimit || !strings.HasSuffix(got, "9end") {
		t.Errorf("%d bytes", len(got))
	}
	if got := readTail(strings.NewReader("short")); got != "short" {
		t.Errorf("%q", got)
	}
}
