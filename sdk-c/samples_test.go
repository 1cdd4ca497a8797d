package sdkc

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestHelloGreetsWithAnyBytes(t *testing.T) {
	hello := driven(t, "hello")
	for _, name := range []string{"World", "", "a+b", "100%s%n", "\xe4\xff", strings.Repeat("long ", 5000)} {
		hello.expect(ok(plainText), "Hello, "+name+"!", nil, "-P", "name", name)
	}
}

func TestGzipCompressesEveryBody(t *testing.T) {
	sample := driven(t, "gzip")
	random := make([]byte, 3<<20)
	source := rand.New(rand.NewPCG(1, 2))
	for i := range random {
		random[i] = byte(source.Uint32())
	}
	bodies := map[string][]byte{
		"none":           nil,
		"one byte":       {0},
		"text":           []byte(strings.Repeat("a line of text\n", 10000)),
		"incompressible": random,
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			head, answer := sample.send(body, "-m", "POST")
			if want := ok("content-type: application/octet-stream", "content-encoding: gzip"); head != want {
				t.Fatalf("got %q, want %q", head, want)
			}
			reader, err := gzip.NewReader(strings.NewReader(answer))
			if err != nil {
				t.Fatal(err)
			}
			plain, err := io.ReadAll(reader)
			if err != nil || !bytes.Equal(plain, body) {
				t.Fatalf("%d bytes came back, %d were sent (%v)", len(plain), len(body), err)
			}
		})
	}
}

// escaped is the JSON string of the echo samples, written from their
// description: one \u00XX for each byte that is not plain ASCII.
func escaped(text string) string {
	var out strings.Builder
	for _, b := range []byte(text) {
		switch {
		case b == '"' || b == '\\':
			out.WriteString("\\" + string(rune(b)))
		case b < 0x20 || b >= 0x7f:
			fmt.Fprintf(&out, "\\u%04x", b)
		default:
			out.WriteByte(b)
		}
	}
	return `"` + out.String() + `"`
}

func TestEchoHasTheOneLayout(t *testing.T) {
	echo := driven(t, "echo")
	const json = "content-type: application/json"
	echo.expect(ok(json), `{"method":"GET","path":"/c/echo/a","query":"x=1","params":[["path","a"]],`+
		`"headers":[["Host","h"],["X","1"]],"body_length":0,`+
		`"body_sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}`+"\n",
		nil, "-p", "/c/echo/a", "-q", "x=1", "-P", "path", "a", "-H", "Host", "h", "-H", "X", "1")

	every := make([]byte, 0, 255)
	for b := 1; b < 256; b++ {
		every = append(every, byte(b))
	}
	want := func(body []byte) string {
		return fmt.Sprintf(`{"method":"POST","path":"","query":"","params":[],"headers":[["A",%s],["A",""]],`+
			`"body_length":%d,"body_sha256":"%x"}`+"\n", escaped(string(every)), len(body), sha256.Sum256(body))
	}
	// Around the ends of SHA-256 blocks, and a body that is not small.
	for _, size := range []int{0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1 << 20} {
		body := bytes.Repeat([]byte{0xa7}, size)
		echo.expect(ok(json), want(body), body, "-m", "POST", "-H", "A", string(every), "-H", "A", "")
	}
}

func TestWaitingSamplesAnswerWithTheTime(t *testing.T) {
	for _, name := range []string{"wait", "wait_blocking", "pending"} {
		t.Run(name, func(t *testing.T) {
			sample := driven(t, name)
			sample.expect(ok(plainText), "waited 100 ms\n", nil)
			sample.expect(ok(plainText), "waited 20 ms\n", nil, "-q", "ms=20")
			sample.expect(ok(plainText), "waited 0 ms\n", nil, "-q", "x=1&ms=%30")
			for _, wrong := range []string{"ms=", "ms=-1", "ms=soon", "ms=3600001", "ms=99999999999999999999"} {
				sample.expect("400\n"+plainText, "ms must be a number from 0 to 3600000\n", nil, "-q", wrong)
			}
		})
	}
}
