package logs

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// While nothing is written, loggers do not wait: what the queue has no room for
// is counted, and the log tells of it in its place.
func TestWhatDoesNotFitTheQueueIsTold(t *testing.T) {
	s, log := open(t, t.TempDir())
	log.Info("before")
	last(t, s, everything, 1)
	const loggers, each = 4, 3000
	text := strings.Repeat("x", 1000)
	s.mu.Lock() // as if the disk did not answer
	var all sync.WaitGroup
	for range loggers {
		all.Go(func() {
			for range each {
				log.Info("flood", "text", text)
			}
		})
	}
	all.Wait() // and nobody has waited for the disk
	left := s.LeftOut()
	s.mu.Unlock()
	last(t, s, everything, 1)
	log.Info("after")

	lines := last(t, s, everything, 1<<20)
	kept := 0
	for _, l := range lines {
		if l.Message == "flood" {
			kept++
		}
	}
	if left == 0 || uint64(kept)+left != loggers*each || s.LeftOut() != left {
		t.Errorf("%d kept and %d left out of %d", kept, left, loggers*each)
	}
	if kept*len(text) < queueMost/2 {
		t.Errorf("only %d were kept", kept)
	}
	note := fmt.Sprintf("%d lines were left out: more came than could be written", left)
	if got := lines[len(lines)-2]; got.Message != note || got.Level != "warn" {
		t.Errorf("%+v; want %s", got, note)
	}
	if got := lines[len(lines)-1].Message; got != "after" {
		t.Error(got)
	}
}

// Many log at once while others read, and rotation goes on: each logger's lines
// are there once and in order, for searches as for tails.
func TestManyLogAndReadAtOnce(t *testing.T) {
	s, err := Open(t.TempDir(), 8<<20) // segments of 1 MiB
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	log := slog.New(s.Handler(slog.DiscardHandler))
	const loggers, each = 4, 3000
	names := make([]string, loggers)
	var logging sync.WaitGroup
	for i := range loggers {
		names[i] = strconv.Itoa(i)
		logging.Go(func() {
			own := log.With("endpoint", names[i])
			for n := range each {
				own.Info(strconv.Itoa(n), "text", "some more text, so that there is something to be written")
			}
		})
	}
	var reading sync.WaitGroup
	for _, name := range names {
		lines, err := s.Tail(t.Context(), model.LogFilter{Endpoint: name}, 10)
		if err != nil {
			t.Fatal(err)
		}
		reading.Go(func() {
			first, next := -1, -1
			for l := range lines {
				n, err := strconv.Atoi(l.Message)
				if err != nil {
					t.Errorf("tail of %s: %+v", name, l) // it has room for all lines
					return
				}
				if first < 0 {
					first, next = n, n
				}
				if n != next || l.Endpoint != name {
					t.Errorf("tail of %s: %+v; want %d", name, l, next)
					return
				}
				if next++; next == each {
					t.Logf("tail of %s from %d on", name, first)
					return
				}
			}
			t.Errorf("tail of %s ended after %d", name, next)
		})
		reading.Go(func() {
			for range 20 {
				found := last(t, s, model.LogFilter{Names: []string{name}}, 50)
				for i, l := range found {
					if n, err := strconv.Atoi(l.Message); err != nil || i > 0 && strconv.Itoa(n-1) != found[i-1].Message {
						t.Errorf("last of %s: %+v after %+v", name, l, found[max(0, i-1)])
						return
					}
				}
			}
		})
	}
	logging.Wait()
	reading.Wait()
	// All of them would fit the queue at once.
	if n := len(last(t, s, everything, 1<<20)); n != loggers*each || s.LeftOut() > 0 {
		t.Errorf("%d lines of %d; %d left out", n, loggers*each, s.LeftOut())
	}
}

// A reader that does not read misses lines and is told how many, while another
// one gets them all.
func TestASlowReaderHoldsUpNobody(t *testing.T) {
	s, log := open(t, t.TempDir())
	log.Info("0")
	slow, err := s.Tail(t.Context(), everything, 1)
	if err != nil {
		t.Fatal(err)
	}
	quick, err := s.Tail(t.Context(), everything, 1)
	if err != nil {
		t.Fatal(err)
	}
	const lines = 5000
	text := strings.Repeat("x", 500)
	read := 0
	for i := 1; i < lines; i++ {
		log.Info(strconv.Itoa(i), "text", text)
		for ; i%100 == 99 && read <= i; read++ {
			if l := <-quick; l.Message != strconv.Itoa(read) {
				t.Fatalf("%+v; want %d", l, read)
			}
		}
	}
	kept, told := 0, false
	for l := range slow {
		if l.Message == "end" {
			break
		}
		if l.Message == strconv.Itoa(kept) {
			kept++
			continue
		}
		want := fmt.Sprintf("%d lines were left out: they came faster than they were read", lines-kept)
		if told || l.Message != want || l.Level != "warn" {
			t.Fatalf("%+v; want %s", l, want)
		}
		told = true
		log.Info("end") // it is live again
	}
	if !told || kept*len(text) < unreadMost/2 {
		t.Errorf("%d kept, told: %t", kept, told)
	}
	if got := messages(last(t, s, everything, 2)); got != fmt.Sprintf("%d end", lines-1) {
		t.Errorf("the log itself has %s", got)
	}
}

func TestATailEnds(t *testing.T) {
	s, err := Open(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(s.Handler(slog.DiscardHandler))
	ctx := t.Context()
	one, err := s.Tail(ctx, model.LogFilter{Level: slog.LevelError}, 10)
	if err != nil {
		t.Fatal(err)
	}
	log.Info("too low")
	log.Error("last words")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var got []model.LogLine
	for l := range one {
		got = append(got, l)
	}
	if messages(got) != "last words" {
		t.Error(got)
	}
	late, err := s.Tail(ctx, everything, 10)
	if err != nil {
		t.Fatal(err)
	}
	got = nil
	for l := range late {
		got = append(got, l)
	}
	if messages(got) != "too low last words" {
		t.Errorf("of a log that is closed: %v", got)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}

// One that nobody reads from ends with its context.
func TestATailThatIsGivenUpLeavesNothing(t *testing.T) {
	s, log := open(t, t.TempDir())
	for range 10 {
		log.Info("line")
	}
	ctx, cancel := context.WithCancel(t.Context())
	lines, err := s.Tail(ctx, everything, 5)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for range lines { // until it is closed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.subscribers); n != 0 {
		t.Errorf("%d are subscribed", n)
	}
}
