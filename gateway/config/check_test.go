package config

import (
	"strings"
	"testing"
)

func TestChecks(t *testing.T) {
	tests := []struct {
		name      string
		check     func(string) error
		good, bad []string
	}{
		{"name", CheckName,
			[]string{"a", "0", "hello-2.x_y", strings.Repeat("a", 64)},
			[]string{"", ".", "..", "-a", "A", "a b", "a/b", "é", "a\n", strings.Repeat("a", 65)}},
		{"domain", CheckDomain,
			[]string{"", "localhost", "api.example.com", "*.example.com", "*.localhost", "127.0.0.1", "my_service", "xn--e1aybc.xn--p1ai"},
			[]string{"*", "*.", "*.*.com", "a.*.com", "*a.com", "a..com", ".a.com", "a.com.", "-a.com", "a-.com", "A.com",
				"a.com:80", "http://a.com", "a.com/x", "[::1]", "é.com", "a b", "a.com\n", strings.Repeat("a", 64) + ".com", strings.Repeat("a.", 130) + "com"}},
		{"method", CheckMethod,
			[]string{"GET", "M-SEARCH", "PROPFIND", "X_1"},
			[]string{"", "*", "get", "Get", "CONNECT", "A B", "1A", "A,B", "GET\n", "É", strings.Repeat("A", 33)}},
		{"listen", checkListen,
			[]string{":80", "127.0.0.1:0", "[::1]:65535", "[fe80::1%eth0]:80", "localhost:80", "Host-1.example.com:80"},
			[]string{"", "80", "127.0.0.1", "::1:80", ":65536", ":-1", ":http", ":", "*:80", "a b:80", "http://x:80", "256.x..1:80"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, s := range test.good {
				if err := test.check(s); err != nil {
					t.Error(err)
				}
			}
			for _, s := range test.bad {
				err := test.check(s)
				if err == nil {
					t.Errorf("%q was accepted", s)
				} else if strings.Contains(err.Error(), "\n") {
					t.Errorf("%q: more than one line: %s", s, err)
				}
			}
		})
	}
}

func TestParseSize(t *testing.T) {
	good := map[string]int64{
		"0B": 0, "7 B": 7, "64KB": 64000, "16KiB": 16384, "8MiB": 8 << 20, "3MB": 3e6, "1GB": 1e9, "1GiB": 1 << 30,
		"99999999999GiB": 1<<63 - 1, "99999999999999999999B": 1<<63 - 1,
	}
	for text, want := range good {
		if got, ok := ParseSize(text); !ok || got != want {
			t.Errorf("%s: %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "8", "B", "MiB", " MiB", "-1B", "+1B", "1.5MiB", "8mib", "8M", "8  MiB", "0x1B", "1_0B", "8MiB "} {
		if got, ok := ParseSize(text); ok {
			t.Errorf("%q was read as %d", text, got)
		}
	}
}

func TestSuggestFindsSlips(t *testing.T) {
	known := []string{"max_body", "method", "methods", "path", "timeout"}
	for word, want := range map[string]string{
		"pathh": "path", "tmeout": "timeout", "methds": "methods", "max-body": "max_body", "route": "", "x": "", "pet": "",
	} {
		got := suggest(word, known)
		if want == "" && got != "" || want != "" && !strings.Contains(got, `"`+want+`"`) {
			t.Errorf("%s: %q", word, got)
		}
	}
}
