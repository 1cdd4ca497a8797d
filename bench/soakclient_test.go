package main

import (
	"bufio"
	"io"
	"net"
	"testing"
)

// answering listens, and answers each request with the next of some texts, after
// which it closes the connection.
func answering(t *testing.T, texts ...string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		from := bufio.NewReader(c)
		for _, text := range texts {
			for line := ""; line != "\r\n"; {
				if line, err = from.ReadString('\n'); err != nil {
					return
				}
			}
			_, _ = io.WriteString(c, text)
		}
	}()
	return ln.Addr().String()
}

func TestTheClientOfTheSoakSeesEveryLoss(t *testing.T) {
	const whole = "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 5\r\n\r\nhello"
	for _, test := range []struct {
		name    string
		answers []string
		good    int // before the first that is lost
	}{
		{"closed at once", []string{""}, 0},
		{"closed between two requests", []string{whole}, 1},
		{"half a head", []string{"HTTP/1.1 200 OK\r\nContent-Le"}, 0},
		{"half a body", []string{whole[:len(whole)-1]}, 0},
		{"no HTTP", []string{"hello\r\n\r\n"}, 0},
		{"no length", []string{"HTTP/1.1 200 OK\r\n\r\nhello"}, 0},
		{"two answers", []string{whole + whole, whole}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, err := dialWire(answering(t, test.answers...))
			if err != nil {
				t.Fatal(err)
			}
			defer w.close()
			for n := range test.good + 1 {
				r, err := w.do([]byte(get("/")))
				if lost := err != nil; lost != (n == test.good) || !lost && (r.status != 200 || string(r.body) != "hello" || string(r.kind) != "a/b") {
					t.Fatalf("request %d: %v, %+v", n, err, r)
				}
			}
		})
	}
}

func TestTheClientOfTheSoakKnowsTheLastAnswer(t *testing.T) {
	w, err := dialWire(answering(t, "HTTP/1.1 503 No\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	if r, err := w.do([]byte(get("/"))); err != nil || r.status != 503 || !r.last || !r.retryAfter {
		t.Errorf("%v, %+v", err, r)
	}
}
