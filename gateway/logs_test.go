package gateway_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

// logged is what a gateway has logged, as JSON.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func logTo(t *testing.T) (*slog.Logger, *logged) {
	l := &logged{}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(l.String())
		}
	})
	return slog.New(slog.NewJSONHandler(l, nil)), l
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// wait waits until something was logged n times.
func (l *logged) wait(t *testing.T, n int, what string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); strings.Count(l.String(), what) < n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s was not logged %d times", what, n)
		}
	}
}
