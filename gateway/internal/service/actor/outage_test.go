package actor

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestAnOutageIsToldOnceAndSoIsItsEnd(t *testing.T) {
	var said bytes.Buffer
	b := &backend{}
	a := New(b, Options{Name: "orders", Workers: 1, Mailbox: 8, Timeout: time.Minute, Log: slog.New(slog.NewTextHandler(&said, nil))})
	lose := Message[*conn]{Run: func(context.Context, *conn) error { return errors.New("lost") }}
	for range 2 { // the second comes too soon to be told
		b.refuse.Store(true)
		for range 3 {
			if err := ask(a, Message[*conn]{}); !errors.Is(err, errRefused) {
				t.Errorf("%v", err)
			}
		}
		b.refuse.Store(false)
		if err := ask(a, lose); err != nil {
			t.Error(err)
		}
	}
	if err := a.Close(t.Context()); err != nil {
		t.Error(err)
	}
	for _, text := range []string{"no connection to a service's backend", "is connected again", "connection refused"} {
		if n := strings.Count(said.String(), text); n != 1 {
			t.Errorf("%q is told %d times, want once:\n%s", text, n, &said)
		}
	}
}
