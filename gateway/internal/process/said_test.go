package process

import (
	"strings"
	"testing"
)

func TestWhyAProcessEndsIsRemembered(t *testing.T) {
	for _, test := range []struct{ text, why string }{
		{"", ""},
		{"a handler says this\nand this\n", ""},
		{"panic: oh\n\ngoroutine 1 [running]:\nmain.main()\n", "panic: oh\n\ngoroutine 1 [running]:\nmain.main()\n"},
		{"panic: oh\npanic: again\nx\n", "panic: again\nx\n"},
		{strings.Repeat("garbage\n", 10_000) + "thread '<unnamed>' (7) panicked at src/lib.rs:9:5:\noh\n", "thread '<unnamed>' (7) panicked at src/lib.rs:9:5:\noh\n"},
		{"thread 'x' panicked at a:\noh\nthread caused non-unwinding panic. aborting.\n", "thread 'x' panicked at a:\noh\nthread caused non-unwinding panic. aborting.\n"},
		{"thread caused non-unwinding panic. aborting.\n", "thread caused non-unwinding panic. aborting.\n"},
		{"free(): double free detected in tcache 2\n", "free(): double free detected in tcache 2\n"},
		{"panic: " + strings.Repeat("x", 2*saidMost) + "\ny\n", "panic: " + strings.Repeat("x", saidMost-7)},
	} {
		var s Said
		for line := range strings.Lines(test.text) {
			s.Note([]byte(line))
		}
		if got := string(s.Why()); got != test.why {
			t.Errorf("%.20q: %q", test.text, got)
		}
		s.when = s.when.Add(-saidLast)
		if got := s.Why(); got != nil {
			t.Errorf("%.20q, long ago: %q", test.text, got)
		}
	}
}
