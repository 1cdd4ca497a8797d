package queue_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/toolchain/queue"
)

func (s *site) read(id string) string {
	s.t.Helper()
	log, err := s.Log(s.t.Context(), id, true)
	must(s.t, err)
	defer log.Close()
	text, err := io.ReadAll(log)
	must(s.t, err)
	return string(text)
}

func TestLogIsFollowedAsItGrows(t *testing.T) {
	s := newSite(t, queue.Options{Parallel: 1})
	must(t, s.add("first", ""))
	first := s.next("first")
	must(t, s.add("a", ""))
	log, err := s.Log(t.Context(), "a", true) // before it starts
	must(t, err)
	defer log.Close()
	first.ends <- nil
	a := s.next("a")
	for i := range 3 {
		line := fmt.Sprintf("line %d\n", i)
		fmt.Fprint(a.log, line)
		got := make([]byte, len(line))
		if _, err := io.ReadFull(log, got); err != nil || string(got) != line {
			t.Fatalf("read %q, %v", got, err)
		}
	}
	still, err := s.Log(t.Context(), "a", false)
	must(t, err)
	defer still.Close()
	if text, err := io.ReadAll(still); err != nil || string(text) != "line 0\nline 1\nline 2\n" {
		t.Errorf("without following: %q, %v", text, err)
	}
	a.ends <- errors.New("it broke")
	if rest, err := io.ReadAll(log); err != nil || string(rest) != "it broke\n" {
		t.Errorf("rest %q, %v", rest, err)
	}
}

func TestFollowingEndsWithContextAndClose(t *testing.T) {
	s := newSite(t, queue.Options{})
	must(t, s.add("a", ""))
	a := s.next("a")
	ctx, cancel := context.WithCancel(t.Context())
	log, err := s.Log(ctx, "a", true)
	must(t, err)
	read := make(chan error, 1)
	wait := func(log io.Reader) {
		_, err := io.ReadAll(log)
		read <- err
	}
	go wait(log)
	cancel()
	if err := <-read; !errors.Is(err, context.Canceled) {
		t.Errorf("after the context ended: %v", err)
	}
	must(t, log.Close())

	log, err = s.Log(t.Context(), "a", true)
	must(t, err)
	go wait(log)
	must(t, log.Close())
	if err := <-read; err == nil {
		t.Error("closed while reading, and no error")
	}
	a.ends <- nil
}

func TestLongLogKeepsHeadAndTail(t *testing.T) {
	s := newSite(t, queue.Options{LogLimit: 200})
	must(t, s.add("a", ""))
	a := s.next("a")
	fmt.Fprint(a.log, "the beginning\n")
	for i := range 1000 {
		fmt.Fprintf(a.log, "line %d\n", i)
	}
	a.ends <- errors.New("the end")
	text := s.read("a")
	if len(text) > 300 || !strings.HasPrefix(text, "the beginning\nline 0\n") ||
		!strings.Contains(text, "bytes left out") || !strings.HasSuffix(text, "line 999\nthe end\n") {
		t.Errorf("%d bytes: %s", len(text), text)
	}
}

func TestLogOutlivesTheQueueAndIsRemovedWhenAsked(t *testing.T) {
	dir := t.TempDir()
	s := newSite(t, queue.Options{LogDir: dir})
	must(t, s.add("a", ""))
	a := s.next("a")
	fmt.Fprintln(a.log, "hello")
	if err := s.Remove("a"); err == nil {
		t.Error("the log of a running build was removed")
	}
	a.ends <- nil
	text := s.read("a")
	must(t, s.Close(t.Context()))

	again := newSite(t, queue.Options{LogDir: dir})
	if got := again.read("a"); got != text || !strings.HasPrefix(got, "hello\nbuilt d-a") {
		t.Errorf("read %q, was %q", got, text)
	}
	must(t, again.RemoveUnknown(func(id string) bool { return id == "a" }))
	if got := again.read("a"); got != text {
		t.Errorf("a log to be kept has %q", got)
	}
	must(t, again.RemoveUnknown(func(string) bool { return false }))
	must(t, again.Remove("a"))
	for _, id := range []string{"a", "../a", ""} {
		if _, err := again.Log(t.Context(), id, true); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("log %q: %v", id, err)
		}
	}
}
