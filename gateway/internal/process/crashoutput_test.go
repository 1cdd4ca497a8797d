package process

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

func TestTheFirstGoroutineIsAllThatIsWaitedFor(t *testing.T) {
	const begin = "SIGSEGV: segmentation violation\nPC=0x1 m=8 sigcode=1 addr=0x10\n\ngoroutine 29 [syscall]:\nmain.f()\n\t/x.go:1\n"
	for _, test := range []struct {
		name, text string
		enough     bool
	}{
		{"nothing", "", false},
		{"half of it", begin, false},
		{"all of it", begin + "\n", true},
		{"and another", begin + "\ngoroutine 1 [running]:\n", true},
		{"as much as is kept", strings.Repeat("x", outputMost), true},
	} {
		c := NewCrashOutput()
		called := 0
		c.Follow(strings.NewReader(test.text), func() { called++ })
		<-c.Ended()
		if called == 1 != test.enough || string(c.Bytes()) != test.text {
			t.Errorf("%s: called %d times, %d bytes", test.name, called, len(c.Bytes()))
		}
	}
	c, called := NewCrashOutput(), 0
	c.Follow(io.MultiReader(strings.NewReader(begin+"\n"), strings.NewReader(strings.Repeat("goroutine\n", outputMost))), func() { called++ })
	if got := c.Bytes(); called != 1 || len(got) != outputMost || !bytes.HasPrefix(got, []byte(begin)) {
		t.Errorf("called %d times, %d bytes are kept", called, len(got))
	}
}
