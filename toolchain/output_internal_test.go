package toolchain

import (
	"fmt"
	"strings"
	"testing"
)

// However output is cut into writes, what stays is its head and its tail.
func FuzzCapture(f *testing.F) {
	f.Add("", 1, 8)
	f.Add("short", 2, 16)
	f.Add("exactly eight and more than that", 3, 8)
	f.Add(strings.Repeat("0123456789", 50), 7, 64)
	f.Fuzz(func(t *testing.T, text string, size, limit int) {
		text = strings.ToValidUTF8(text, "?")
		size, limit = max(1, size&0xff), max(2, limit&0xff)
		c := newCapture(limit)
		for rest := text; rest != ""; {
			n := min(size, len(rest))
			c.Write([]byte(rest[:n]))
			rest = rest[n:]
		}
		half := limit / 2
		want := text
		if left := len(text) - 2*half; left > 0 {
			want = fmt.Sprintf("%s\n[... %d bytes left out ...]\n%s", text[:half], left, text[len(text)-half:])
		}
		if got := c.String(); got != strings.ToValidUTF8(want, "\uFFFD") {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

func TestFirstComplaint(t *testing.T) {
	for _, test := range []struct{ output, want string }{
		{"", ""},
		{"./a.c: In function 'f':\n./a.c:9:22: error: expected ';'\n", "./a.c:9:22: error: expected ';'"},
		{"/usr/bin/ld: /tmp/x.o: in function `f':\na.c:(.text+0xb): undefined reference to `g'\ncollect2: error: ld returned 1 exit status\n",
			"a.c:(.text+0xb): undefined reference to `g'"},
		{"error: expected `;`\n --> src/lib.rs:1:6\n  |\n", "src/lib.rs:1:6: error: expected `;`"},
		{"# example.com/x\n./main.go:3:9: undefined: text\n", "./main.go:3:9: undefined: text"},
		{"go: errors parsing go.mod:\ngo.mod:1: unknown directive: not\n", "go: errors parsing go.mod: go.mod:1: unknown directive: not"},
		{"error:", "error: "},
	} {
		if got := firstComplaint(test.output); got != test.want {
			t.Errorf("of %q: %q, want %q", test.output, got, test.want)
		}
	}
}
