package rawclient

import (
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// scripted listens on loopback and, for the n-th connection, reads until the
// end of a header block and then does as script[n] says; after the last it
// starts again.
func scripted(t *testing.T, script ...func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		listener.Close()
		<-done
	})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.SetDeadline(time.Now().Add(10 * time.Second))
			if readRequest(conn) {
				script[i%len(script)](conn)
			}
			conn.Close()
		}
	}()
	return listener.Addr().String()
}

func readRequest(conn net.Conn) bool {
	var got []byte
	b := make([]byte, 1)
	for !bytes.HasSuffix(got, []byte("\r\n\r\n")) {
		if _, err := conn.Read(b); err != nil {
			return false
		}
		got = append(got, b[0])
	}
	return true
}

func answers(text string) func(net.Conn) {
	return func(conn net.Conn) { io.WriteString(conn, text) }
}

func reset(conn net.Conn) { conn.(*net.TCPConn).SetLinger(0) }

const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

func do(t *testing.T, addr, request string) (*Response, error) {
	t.Helper()
	conn, err := Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.Timeout = 5 * time.Second
	return conn.Do([]byte(request))
}

func TestDoReadsOneWholeAnswer(t *testing.T) {
	for _, c := range []struct {
		name, request, answer string
		status                int
		body                  string
		closes                bool
		interim               []int
	}{
		{"by length", get, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", false, nil},
		{"empty", get, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 200, "", false, nil},
		{"no reason", get, "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", 404, "", false, nil},
		{"in chunks", get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nX-T: 1\r\n\r\n", 200, "hello", false, nil},
		{"until the end", get, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", 200, "hello", true, nil},
		{"closing", get, "HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 1\r\n\r\nx", 200, "x", true, nil},
		{"HTTP/1.0", get, "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "x", true, nil},
		{"HTTP/1.0 kept", get, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", 200, "x", false, nil},
		{"after interim ones", get, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "x", false, []int{100, 103}},
		{"to HEAD", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, "", false, nil},
		{"without content", get, "HTTP/1.1 204 No Content\r\n\r\n", 204, "", false, nil},
		{"not modified", get, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "", false, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := do(t, scripted(t, answers(c.answer)), c.request)
			if err != nil {
				t.Fatal(err)
			}
			if r.Status != c.status || string(r.Body) != c.body || r.Close != c.closes || !slices.Equal(r.Interim, c.interim) {
				t.Errorf("got %+v", r)
			}
		})
	}
}

func TestDoKeepsHeadersAsSent(t *testing.T) {
	r, err := do(t, scripted(t, answers("HTTP/1.1 200 Fine By Me\r\nSet-Cookie: a=1\r\nx-lower:  v \r\nSet-cookie: b=2\r\nContent-Length: 0\r\n\r\n")), get)
	if err != nil {
		t.Fatal(err)
	}
	want := []Field{{"Set-Cookie", "a=1"}, {"x-lower", "v"}, {"Set-cookie", "b=2"}, {"Content-Length", "0"}}
	if !slices.Equal(r.Headers, want) || r.Reason != "Fine By Me" || r.Protocol != "HTTP/1.1" {
		t.Errorf("got %+v", r)
	}
	if got := r.Values("SET-COOKIE"); !slices.Equal(got, []string{"a=1", "b=2"}) || r.Header("X-Lower") != "v" || r.Header("absent") != "" {
		t.Errorf("values %q", got)
	}
}

func TestDoFailsWithoutAWholeAnswer(t *testing.T) {
	for name, answer := range map[string]func(net.Conn){
		"nothing":                answers(""),
		"reset":                  reset,
		"half a status line":     answers("HTTP/1.1 20"),
		"half a header block":    answers("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"),
		"half a body":            answers("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"),
		"half a chunk":           answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"),
		"no last chunk":          answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
		"no end of trailers":     answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"),
		"an interim one alone":   answers("HTTP/1.1 100 Continue\r\n\r\n"),
		"no HTTP":                answers("hello\r\n\r\n"),
		"a bad status":           answers("HTTP/1.1 +20 OK\r\n\r\n"),
		"a lone LF":              answers("HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
		"a lone CR":              answers("HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n"),
		"a bad header":           answers("HTTP/1.1 200 OK\r\nX y: a\r\nContent-Length: 0\r\n\r\n"),
		"two lengths":            answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n"),
		"length and coding":      answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
		"a bad length":           answers("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
		"a bad chunk":            answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n\r\n"),
		"a chunk too long":       answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n"),
		"an unknown coding":      answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"),
		"no framing, kept alive": answers("HTTP/1.1 200 OK\r\n\r\nhello"),
		"two answers":            answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			if r, err := do(t, scripted(t, answer), get); err == nil {
				t.Errorf("taken as an answer: %+v", r)
			}
		})
	}
}

func TestDoTellsACloseFromABrokenAnswer(t *testing.T) {
	if _, err := do(t, scripted(t, answers("")), get); !errors.Is(err, ErrClosed) {
		t.Errorf("a close: %v", err)
	}
	if _, err := do(t, scripted(t, answers("HTTP/1.1 200")), get); !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, ErrClosed) {
		t.Errorf("a part: %v", err)
	}
	two := answers("HTTP/1.1 204 A\r\n\r\nHTTP/1.1 204 B\r\n\r\n")
	if _, err := do(t, scripted(t, two), get); !errors.Is(err, ErrUnsolicited) {
		t.Errorf("two answers: %v", err)
	}
}

func TestDoTakesAnAnswerGivenBeforeTheEndOfTheBody(t *testing.T) {
	addr := scripted(t, func(conn net.Conn) {
		io.WriteString(conn, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
		conn.(*net.TCPConn).CloseWrite()
		io.CopyN(io.Discard, conn, 32<<20)
	})
	request := "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 33554432\r\n\r\n" + strings.Repeat("x", 32<<20)
	if r, err := do(t, addr, request); err != nil || r.Status != 413 {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestPipelinedAnswersAreReadOneByOne(t *testing.T) {
	addr := scripted(t, func(conn net.Conn) {
		readRequest(conn)
		readRequest(conn)
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nAHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"+
			"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
		readRequest(conn) // to the end of what the client writes
	})
	conn, err := Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Write([]byte(get + "HEAD" + get[3:] + get)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		method, body string
		status       int
	}{{"GET", "A", 200}, {"HEAD", "", 200}, {"GET", "", 404}} {
		r, err := conn.ReadResponse(want.method)
		if err != nil || r.Status != want.status || string(r.Body) != want.body {
			t.Fatalf("got %+v, %v; want %+v", r, err, want)
		}
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if err := conn.AtEnd(); err != nil {
		t.Errorf("at the end: %v", err)
	}
}

func FuzzReadResponse(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX: y\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 100 C\r\n\r\nHTTP/1.0 200 OK\r\n\r\nrest"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		client, server := net.Pipe()
		defer client.Close()
		go func() {
			server.Write(answer)
			server.Close()
		}()
		conn := NewConn(client)
		if r, err := conn.ReadResponse("GET"); err == nil && len(r.Body) > len(answer) {
			t.Fatalf("%d bytes of body from %q", len(r.Body), answer)
		}
	})
}
