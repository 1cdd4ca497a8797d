package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// watch opens a stream. It is read to its end, or until the test is over.
func (s *server) watch(path string, headers ...string) (*bufio.Reader, *http.Response) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	s.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer t-read")
	r.Header.Set("Accept", eventStream)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { answer.Body.Close() })
	return bufio.NewReader(answer.Body), answer
}

// event reads up to the next empty line.
func event(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	var all strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("after %q: %v", all.String(), err)
		}
		if line == "\n" {
			return all.String()
		}
		all.WriteString(line)
	}
}

func TestABuildIsWatchedToItsEnd(t *testing.T) {
	s := serve(t)
	log, feed := io.Pipe()
	s.fake.log = log
	events, answer := s.watch(v1 + "/builds/b1/log")
	if answer.Header.Get("Content-Type") != eventStream || answer.Header.Get("X-Accel-Buffering") != "no" {
		t.Errorf("%v", answer.Header)
	}
	fmt.Fprint(feed, "compiling\n")
	if got := event(t, events); got != "id: 1\ndata: compiling\n" {
		t.Errorf("%q", got)
	}
	fmt.Fprint(feed, "line with \xff and \r here\nno newline")
	feed.Close()
	if got := event(t, events); got != "id: 2\ndata: line with \uFFFD and  here\n" {
		t.Errorf("%q", got)
	}
	if got := event(t, events); got != "id: 3\ndata: no newline\n" {
		t.Errorf("%q", got)
	}
	end, ok := strings.CutPrefix(event(t, events), "event: end\ndata: ")
	var b model.Build
	if err := json.Unmarshal([]byte(end), &b); !ok || err != nil || b.State != model.BuildSucceeded {
		t.Errorf("%q: %v", end, err)
	}
	if rest, err := io.ReadAll(events); err != nil || len(rest) > 0 {
		t.Errorf("%q %v", rest, err)
	}
}

func TestAClientThatComesBackGoesOn(t *testing.T) {
	s := serve(t)
	s.fake.log = io.NopCloser(strings.NewReader("one\ntwo\nthree\n"))
	events, _ := s.watch(v1+"/builds/b1/log", "Last-Event-ID", "2")
	if got := event(t, events); got != "id: 3\ndata: three\n" {
		t.Errorf("%q", got)
	}
	at := time.Now().UTC()
	lines, _ := s.watch(v1+"/logs/tail", "Last-Event-ID", at.Format(time.RFC3339Nano))
	s.logs.more <- model.LogLine{At: at, Message: "hello"}
	if got := event(t, lines); !strings.HasPrefix(got, "id: "+at.Format(time.RFC3339Nano)+"\ndata: {") || !strings.Contains(got, `"message":"hello"`) {
		t.Errorf("%q", got)
	}
	if !s.logs.filter.Since.Equal(at.Add(1)) {
		t.Errorf("since %s, not after %s", s.logs.filter.Since, at)
	}
	if got := s.do("GET", v1+"/logs/tail", "", "Last-Event-ID", "x"); got.problem(t).Status != 422 {
		t.Errorf("%s", got.body)
	}
}

func TestABuildLogIsPlainTextForWhoAsksForNothingElse(t *testing.T) {
	s := serve(t)
	s.fake.log = io.NopCloser(strings.NewReader("one\ntwo\n"))
	got := s.do("GET", v1+"/builds/b1/log", "")
	if string(got.body) != "one\ntwo\n" || got.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("%q %v", got.body, got.Header)
	}
}

func TestAQuietStreamShowsThatItLives(t *testing.T) {
	s := serve(t)
	s.api.limits.heartbeat = 10 * time.Millisecond
	for _, path := range []string{"/logs/tail", "/builds/b1/log"} {
		log, feed := io.Pipe()
		defer feed.Close()
		s.fake.log = log
		events, _ := s.watch(v1 + path)
		if got := event(t, events); got != ":\n" {
			t.Errorf("%s: %q", path, got)
		}
	}
}

func TestAHeadOfAStreamEnds(t *testing.T) {
	s := serve(t)
	for _, path := range []string{"/logs/tail", "/builds/b1/log"} {
		log, feed := io.Pipe()
		defer feed.Close()
		s.fake.log = log
		if got := s.do("HEAD", v1+path, ""); got.StatusCode != 200 {
			t.Errorf("%s: %s", path, got.Status)
		}
	}
}

// TestASlowClientIsDropped has a client that reads nothing. Its place is free
// once it is dropped.
func TestASlowClientIsDropped(t *testing.T) {
	s := serve(t)
	s.api.limits.write = 100 * time.Millisecond
	s.api.streams = make(chan struct{}, 1)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET %s/logs/tail HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer t-read\r\n\r\n", v1)
	line := model.LogLine{Message: strings.Repeat("x", 64<<10)}
	s.logs.more <- line // it watches, and so it has the only place
	patience := time.After(20 * time.Second)
	for {
		select {
		case s.logs.more <- line:
		case s.api.streams <- struct{}{}: // its place is free
			<-s.api.streams
			return
		case <-patience:
			t.Fatal("it is not dropped")
		}
	}
}

func TestStreamsAreBoundedAndTheirPlacesComeBack(t *testing.T) {
	s := serve(t)
	s.api.streams = make(chan struct{}, 1)
	_, first := s.watch(v1 + "/logs/tail")
	got := s.do("GET", v1+"/logs/tail", "")
	if p := got.problem(t); p.Status != http.StatusTooManyRequests || got.Header.Get("Retry-After") == "" {
		t.Errorf("%s", got.body)
	}
	first.Body.Close()
	s.api.streams <- struct{}{} // free once the server has seen that; the test's time is bounded
	<-s.api.streams
}

func TestShutdownEndsStreamsAndFinishesTheRest(t *testing.T) {
	api := New(Options{Control: newFake(), Logs: &logLines{more: make(chan model.LogLine)}, Log: slog.New(slog.DiscardHandler)})
	fake := api.control.(*fake)
	log, feed := io.Pipe()
	defer feed.Close()
	fake.log = log
	working, finish := make(chan struct{}), make(chan struct{})
	fake.work = func(context.Context) error {
		close(working)
		<-finish
		return nil
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, api: api, token: "t-admin", fake: fake, url: "http://" + ln.Addr().String()}
	served := make(chan error, 1)
	go func() { served <- api.Serve(ln, false) }()
	tail, _ := s.watch(v1 + "/logs/tail")
	build, _ := s.watch(v1 + "/builds/b1/log")
	deployed := make(chan int, 1)
	go func() {
		deployed <- s.do("POST", v1+"/endpoints/orders/deploy", `{"version":"aaaaaaaa"}`).StatusCode
	}()
	<-working
	ended := make(chan error, 1)
	go func() { ended <- api.Shutdown(t.Context()) }()
	for _, stream := range []*bufio.Reader{tail, build} {
		if rest, err := io.ReadAll(stream); err != nil || len(rest) > 0 {
			t.Errorf("a stream does not end: %q %v", rest, err)
		}
	}
	close(finish)
	if status := <-deployed; status != 200 {
		t.Errorf("the deploy under way: %d", status)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if err := api.Serve(ln, false); err != nil {
		t.Errorf("to serve after the end is not to serve: %v", err)
	}
	if _, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		t.Error("a listener is open after the end")
	}
}

func TestOneKeyDoesNotTakeAllStreams(t *testing.T) {
	s := serve(t)
	for range maxOwnStreams {
		s.watch(v1 + "/logs/tail")
	}
	if got := s.do("GET", v1+"/logs/tail", "", "Authorization", "Bearer t-read"); got.problem(t).Status != http.StatusTooManyRequests {
		t.Errorf("one more of the same key: %s", got.body)
	}
	if _, other := s.watch(v1+"/logs/tail", "Authorization", "Bearer t-admin"); other.StatusCode != http.StatusOK {
		t.Errorf("another key is answered with %s", other.Status)
	}
}

func TestAStreamEndsWithItsKey(t *testing.T) {
	s := serve(t)
	s.api.limits.recheck = time.Millisecond
	stream, _ := s.watch(v1 + "/logs/tail")
	s.fake.mu.Lock()
	s.fake.revoked = "t-read"
	s.fake.mu.Unlock()
	if rest, err := io.ReadAll(stream); err != nil {
		t.Errorf("the stream of a key that was deleted goes on: %q %v", rest, err)
	}
}
