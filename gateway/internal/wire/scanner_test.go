package wire

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func scan(raw string, http11 bool) (fields []string, s Scanner) {
	s.Reset([]byte(raw), http11)
	for s.Next() {
		fields = append(fields, fmt.Sprintf("%s=%s", s.Name, s.Value))
	}
	return fields, s
}

func TestScannerKeepsWireOrder(t *testing.T) {
	raw := "X-B: 2\r\nhost:example.com:80\r\nX-A:\t 1 \t\r\nCookie: a=b\r\nx-b: 2, 3\r\nCookie: c=d\r\nEmpty:\r\n" +
		"Content-Length: 12\r\nTabbed: a\tb\r\nHigh: \xc3\xa9\xff\r\n!#$%&'*+-.^_`|~9: token\r\n"
	want := []string{"X-B=2", "host=example.com:80", "X-A=1", "Cookie=a=b", "x-b=2, 3", "Cookie=c=d", "Empty=",
		"Content-Length=12", "Tabbed=a\tb", "High=\xc3\xa9\xff", "!#$%&'*+-.^_`|~9=token"}
	for _, end := range []string{"", "\r\n"} {
		fields, s := scan(raw+end, true)
		if s.Err() != nil || !slices.Equal(fields, want) {
			t.Errorf("got %q, %v", fields, s.Err())
		}
		if string(s.Host()) != "example.com:80" || s.ContentLength() != 12 || s.Chunked() {
			t.Errorf("host %q, length %d, chunked %v", s.Host(), s.ContentLength(), s.Chunked())
		}
		if s.Next() {
			t.Error("Next goes on after the end")
		}
	}
}

func TestScannerFraming(t *testing.T) {
	for _, c := range []struct {
		raw     string
		http11  bool
		length  int64
		chunked bool
	}{
		{"", false, -1, false},
		{"\r\n", false, -1, false},
		{"Host: a\r\n", true, -1, false},
		{"Host: a\r\nContent-Length: 0\r\n", true, 0, false},
		{"Host: a\r\ncontent-LENGTH: 007\r\n", true, 7, false},
		{"Host: a\r\nContent-Length: 9223372036854775807\r\n", true, 1<<63 - 1, false},
		{"Host: a\r\nTRANSFER-encoding: Chunked\r\n", true, -1, true},
	} {
		if _, s := scan(c.raw, c.http11); s.Err() != nil || s.ContentLength() != c.length || s.Chunked() != c.chunked {
			t.Errorf("%q: length %d, chunked %v, %v", c.raw, s.ContentLength(), s.Chunked(), s.Err())
		}
	}
}

// A '^' stands for "Host: a" and its line end.
var refusedBlocks = []struct {
	raw  string
	want *Refusal
}{
	{"^ X: 1\r\n", ErrHeaderFold},
	{"\tX: 1\r\n^", ErrHeaderFold},
	{"^X: 1\r\n folded\r\n", ErrHeaderFold},
	{"^X: 1\r\n\tTransfer-Encoding: chunked\r\n", ErrHeaderFold},

	{"^X : 1\r\n", ErrHeaderName},
	{"^X\t: 1\r\n", ErrHeaderName},
	{"^X Y: 1\r\n", ErrHeaderName},
	{"^: 1\r\n", ErrHeaderName},
	{"^X\r\n", ErrHeaderName},
	{"^X", ErrHeaderName},
	{"^X\x00: 1\r\n", ErrHeaderName},
	{"^X\x7f: 1\r\n", ErrHeaderName},
	{"^(X): 1\r\n", ErrHeaderName},
	{"^X\xc3\xa9: 1\r\n", ErrHeaderName},
	{"^Content-Length\x0b: 1\r\n", ErrHeaderName},

	{"^X: a\x00b\r\n", ErrHeaderValue},
	{"^X: a long enough value \x01 with more behind\r\n", ErrHeaderValue},
	{"^X: \x7f\r\n", ErrHeaderValue},
	{"^X: 1234567\x7f\r\n", ErrHeaderValue},
	{"^X: \x0b\r\n", ErrHeaderValue},

	{"^X: 1\n", ErrHeaderLine},
	{"^X: 1\r", ErrHeaderLine},
	{"^X: 1", ErrHeaderLine},
	{"^X: 1\rY: 2\r\n", ErrHeaderLine},
	{"^X: 1\r\r\n", ErrHeaderLine},
	{"^\n", ErrHeaderLine},
	{"^\r", ErrHeaderLine},
	{"^\rX: 1\r\n", ErrHeaderLine},
	{"X: 1\nHost: a\r\n", ErrHeaderLine},
	{"^\r\nX: 1\r\n", ErrHeaderTrailing},

	{"^^", ErrHostRepeated},
	{"X: 1\r\n", ErrHostMissing},
	{"", ErrHostMissing},
	{"\r\n", ErrHostMissing},
	{"Host:\r\n", ErrHost},
	{"Host: a, b\r\n", ErrHost},
	{"Host: user@a\r\n", ErrHost},

	{"^Content-Length: 5\r\nContent-Length: 5\r\n", ErrLengthRepeated},
	{"^Content-Length: 5\r\nX: 1\r\nContent-Length: 6\r\n", ErrLengthRepeated},
	{"^Content-Length: 0\r\nContent-Length: 0\r\n", ErrLengthRepeated},
	{"^Content-Length:\r\n", ErrLength},
	{"^Content-Length: 5, 5\r\n", ErrLength},
	{"^Content-Length: -5\r\n", ErrLength},
	{"^Content-Length: +5\r\n", ErrLength},
	{"^Content-Length: 0x5\r\n", ErrLength},
	{"^Content-Length: 5 5\r\n", ErrLength},
	{"^Content-Length: 5_0\r\n", ErrLength},
	{"^Content-Length: 5.0\r\n", ErrLength},
	{"^Content-Length: 9223372036854775808\r\n", ErrLength},
	{"^Content-Length: 18446744073709551621\r\n", ErrLength},
	{"^Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", ErrLengthCoded},
	{"^Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", ErrLengthCoded},
	{"^Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", ErrCodingRepeated},
	{"^Transfer-Encoding: identity\r\n", ErrCoding},
	{"^Transfer-Encoding: xchunked\r\n", ErrCoding},
	{"^Transfer-Encoding: chunked, identity\r\n", ErrCoding},
	{"^Transfer-Encoding: chunked;a=b\r\n", ErrCoding},
	{"^Transfer-Encoding:\r\n", ErrCoding},
}

func TestScannerRefuses(t *testing.T) {
	for _, c := range refusedBlocks {
		raw := strings.ReplaceAll(c.raw, "^", "Host: a\r\n")
		_, s := scan(raw, true)
		if !errors.Is(s.Err(), c.want) || s.Next() {
			t.Errorf("%q: %v, want %v", raw, s.Err(), c.want)
		}
	}
	if _, s := scan("Transfer-Encoding: chunked\r\n", false); !errors.Is(s.Err(), ErrCodingVersion) {
		t.Errorf("a coding on HTTP/1.0: %v", s.Err())
	}
}

func TestScannerBoundsHeaders(t *testing.T) {
	block := "Host: a\r\n" + strings.Repeat("X: 1\r\n", MaxHeaders-1)
	if fields, s := scan(block, true); s.Err() != nil || len(fields) != MaxHeaders {
		t.Errorf("%d headers: %d read, %v", MaxHeaders, len(fields), s.Err())
	}
	if fields, s := scan(block+"X: 1\r\n", true); !errors.Is(s.Err(), ErrHeaderCount) || len(fields) != MaxHeaders {
		t.Errorf("%d headers: %d read, %v", MaxHeaders+1, len(fields), s.Err())
	}
}

func TestRefusalsAreErrorsForTheClient(t *testing.T) {
	for _, c := range refusedBlocks {
		switch c.want.Status {
		case 400, 431, 501:
		default:
			t.Errorf("%v has the status %d", c.want, c.want.Status)
		}
	}
}

const browserBlock = "Host: example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\n" +
	"Accept-Encoding: gzip, deflate, br, zstd\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n"

func TestScannerAllocatesNothing(t *testing.T) {
	raw := []byte(browserBlock)
	n := testing.AllocsPerRun(100, func() {
		var s Scanner
		s.Reset(raw, true)
		for s.Next() {
		}
		if s.Err() != nil {
			t.Fatal(s.Err())
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkScanner(b *testing.B) {
	raw := []byte(browserBlock)
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		var s Scanner
		s.Reset(raw, true)
		for s.Next() {
		}
	}
}

func FuzzScanner(f *testing.F) {
	f.Add([]byte(browserBlock))
	for _, c := range refusedBlocks {
		f.Add([]byte(strings.ReplaceAll(c.raw, "^", "Host: a\r\n")))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var s Scanner
		s.Reset(raw, true)
		var again strings.Builder
		for s.Next() {
			if !ValidName(s.Name) || !ValidValue(s.Value) || len(trim(s.Value)) != len(s.Value) {
				t.Fatalf("%q: %q %q", raw, s.Name, s.Value)
			}
			fmt.Fprintf(&again, "%s: %s\r\n", s.Name, s.Value)
		}
		if s.Err() != nil {
			return
		}
		// What was read, written plainly, reads the same: nothing was hidden.
		var plain Scanner
		plain.Reset([]byte(again.String()), true)
		for plain.Next() {
		}
		if plain.Err() != nil || plain.ContentLength() != s.ContentLength() || plain.Chunked() != s.Chunked() ||
			string(plain.Host()) != string(s.Host()) || plain.count != s.count {
			t.Fatalf("%q read as %q: %v", raw, again.String(), plain.Err())
		}
	})
}
