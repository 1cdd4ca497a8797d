package wire

import (
	"strings"
	"testing"
)

func TestValidNameIsAToken(t *testing.T) {
	for _, name := range []string{"X", "content-type", "X_1", "!#$%&'*+-.^_`|~"} {
		if !ValidName([]byte(name)) {
			t.Errorf("%q is refused", name)
		}
	}
	for _, name := range []string{"", "a b", " a", "a ", "a:", "a\r\n", "a\x00", "(a)", "é", "a\t", "a\x7f"} {
		if ValidName([]byte(name)) {
			t.Errorf("%q is accepted", name)
		}
	}
}

func TestValidValueHasNoLineEnd(t *testing.T) {
	for _, value := range []string{"", "a b\tc", "é", "\x01"} {
		if !ValidValue([]byte(value)) {
			t.Errorf("%q is refused", value)
		}
	}
	for i := range 40 { // wherever it stands
		for _, c := range []byte{'\r', '\n', 0} {
			value := []byte(strings.Repeat("é\t\x7f", 20))[:40]
			if !ValidValue(value) || !ValidValue(value[:i]) {
				t.Errorf("%q is refused", value)
			}
			value[i] = c
			if ValidValue(value) {
				t.Errorf("%q is accepted", value)
			}
		}
	}
	for _, value := range []string{"a\r\nSet-Cookie: b", "a\n", "\r", "a\x00b"} {
		if ValidValue([]byte(value)) {
			t.Errorf("%q is accepted", value)
		}
	}
}

func TestHostOwned(t *testing.T) {
	for _, name := range []string{"Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Trailer",
		"Upgrade", "Date", "Proxy-Connection", "TE"} {
		for _, spelling := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
			if !HostOwned([]byte(spelling)) {
				t.Errorf("%q is left to the handler", spelling)
			}
		}
	}
	for _, name := range []string{"", "ET", "Data", "Upgrader", "Trailed", "Content-Type", "Content-Lengtk", "Set-Cookie", "Server"} {
		if HostOwned([]byte(name)) {
			t.Errorf("%q is taken from the handler", name)
		}
	}
}
