//go:build linux

package abi

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"
)

// A process of this test that has this in its environment is a guest.
const guestMark = "EDGE_GATEWAY_TEST_GUEST"

func TestMain(m *testing.M) {
	if library := os.Getenv(guestMark); library != "" {
		if err := beGuest(library); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func beGuest(path string) error {
	link, err := OpenLink(os.NewFile(3, "memory"), os.NewFile(4, "bell"))
	if err != nil {
		return err
	}
	recorder, err := OpenRecorder(os.NewFile(5, "recorder"))
	if err != nil {
		return err
	}
	guest := NewGuest(link)
	guest.Memory().Record(recorder)
	library, err := recorder.Open(path, os.TempDir(), false, "linked", "abc")
	if err != nil {
		return err
	}
	instance, err := Start(library, Options{
		Endpoint: "linked", Config: map[string]string{"greeting": "good day"}, Host: guest, Memory: guest.Memory(),
	})
	if err != nil {
		return err
	}
	guest.Serve(instance, 4)
	fmt.Println("started")
	_, _ = os.Stdin.Read(make([]byte, 1)) // until it is closed
	guest.Stop()
	instance.Shutdown()
	return nil
}

// testTimer is a service of the gateway.
type testTimer struct{}

func (testTimer) Start(op *Operation) {
	args, err := Load[TimerSleep](op.Args)
	if err != nil {
		op.Finish(ErrInvalid, nil)
		return
	}
	timer := time.AfterFunc(time.Duration(args.Duration), func() { op.Finish(OK, nil) })
	op.Cancel = func() {
		if timer.Stop() {
			op.Finish(ErrCanceled, nil)
		}
	}
}

// linkedHost is what the gateway does for the guest.
type linkedHost struct {
	mu    sync.Mutex
	lines []string
}

func (h *linkedHost) Service(id, name string) (Service, Status) {
	if id == TimerID && name == "" {
		return testTimer{}, OK
	}
	return nil, ErrDenied
}

func (h *linkedHost) Log(_ slog.Level, request, line string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, request+" "+line)
}

func (h *linkedHost) said(line string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Contains(h.lines, line)
}

// linked is a guest in a process of its own.
type linked struct {
	t      testing.TB
	memory *Memory
	remote *Remote
	host   *linkedHost
	link   *Link
	cmd    *exec.Cmd
	stdin  interface{ Close() error }
	exited chan struct{}
	lost   int
}

func buildC(t testing.TB, source string) string {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" {
			t.Fatal("no C compiler: ", err)
		}
		t.Skip("no C compiler: ", err)
	}
	out := filepath.Join(t.TempDir(), "handler.so")
	text, err := exec.Command(cc, "-shared", "-fPIC", "-O1", "-pthread", "-I", ".", "-I", "../sdk-c", "-o", out, source).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return out
}

func startLinked(t testing.TB) *linked {
	t.Helper()
	library := buildC(t, "testdata/linked.c")
	recorder, err := NewRecorder()
	if err != nil {
		t.Fatal(err)
	}
	link, err := NewLink(16 << 20)
	if err != nil {
		t.Fatal(err)
	}
	l := &linked{t: t, memory: newMemory(t, 64<<20), host: &linkedHost{}, link: link, exited: make(chan struct{})}
	l.remote = NewRemote(link, RemoteOptions{Memory: l.memory, Host: l.host, Recorder: recorder})
	var running sync.WaitGroup
	running.Go(l.remote.Run)
	memory, bell := link.Files()
	l.cmd = exec.Command(os.Args[0])
	l.cmd.Env = append(os.Environ(), guestMark+"="+library)
	l.cmd.Stderr = os.Stderr
	l.cmd.ExtraFiles = []*os.File{memory, bell, recorder.File()}
	l.stdin, err = l.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 8)
	if n, err := out.Read(line); err != nil {
		t.Fatalf("the guest does not start: %v %q", err, line[:n])
	}
	go func() {
		defer close(l.exited)
		_ = l.cmd.Wait()
		l.lost = l.remote.Ended()
		running.Wait()
		link.Close()
	}()
	t.Cleanup(func() {
		_ = l.cmd.Process.Kill()
		<-l.exited
		// Who finishes an operation may still be about to leave.
		for until := time.Now().Add(5 * time.Second); link.users.Load() != linkClosed && time.Now().Before(until); runtime.Gosched() {
		}
		if n := link.users.Load(); n != linkClosed {
			t.Errorf("%#x still use the link", n)
		}
		if n := l.memory.InFlight(); n != 0 {
			t.Errorf("%d frames of the gateway are in use", n)
		}
		_ = recorder.Close()
	})
	return l
}

// request is a frame with a request for a path.
func (l *linked) request(path string, timeout time.Duration, body []byte) *Frame {
	l.t.Helper()
	f, err := l.memory.Acquire()
	if err != nil {
		l.t.Fatal(err)
	}
	f.MaxAnswer = 8 << 20
	for text, value := range map[Text]string{TextMethod: "POST", TextPath: path, TextRequestID: "id", TextScheme: "http"} {
		if err := f.SetText(text, []byte(value)); err != nil {
			l.t.Fatal(err)
		}
	}
	raw, err := f.Room(5)
	if err != nil {
		l.t.Fatal(err)
	}
	copy(raw, "a:one")
	if err := f.AddHeader(raw[:1], raw[2:]); err != nil {
		l.t.Fatal(err)
	}
	if err := f.SetBody(body); err != nil {
		l.t.Fatal(err)
	}
	f.SetMeta(time.Now(), time.Now().Add(timeout))
	return f
}

// do is one request from beginning to end, as dispatch does it.
func (l *linked) do(path string, body []byte) (status Status, answer string) {
	f := l.request(path, 10*time.Second, body)
	defer f.Release()
	if got, err := l.remote.Enter(f); got != Pending || err != nil {
		return got, fmt.Sprint(err)
	}
	f.Park()
	<-f.Done()
	status, ok := f.TakeCompletion()
	if !ok {
		return status, "not taken"
	}
	if status != OK {
		return status, f.Message()
	}
	err := f.Read(func(a *Answer) error {
		answer = fmt.Sprint(a.Status)
		for n := range a.Headers() {
			name, value, err := a.Header(n)
			if err != nil {
				return err
			}
			answer += fmt.Sprintf(" %s=%s", name, value)
		}
		answer += " " + string(a.Body)
		return nil
	})
	if err != nil {
		return status, err.Error()
	}
	l.remote.Release(f)
	return status, answer
}

func TestRequestsAreAnsweredByAnotherProcess(t *testing.T) {
	l := startLinked(t)
	big := strings.Repeat("b", 3<<20)
	body := []byte(strings.Repeat("body ", 20000))
	for _, c := range []struct {
		path   string
		body   []byte
		status Status
		want   string
	}{
		{"/hello", nil, OK, "200 content-type=text/plain hello"},
		{"/config", nil, OK, "200 content-type=text/plain good day"},
		{"/echo", []byte("small"), OK, "200 x-a=one content-type=text/plain small"},
		{"/echo", body, OK, "200 x-a=one content-type=text/plain " + string(body)},
		{"/big", nil, OK, "200 content-type=text/plain " + big},
		{"/await", nil, OK, "200 content-type=text/plain waited"},
		{"/block", nil, OK, "200 content-type=text/plain blocked"},
		{"/pending", nil, OK, "202 content-type=text/plain completed"},
		{"/fail", nil, ErrInternal, "it failed"},
		{"/broken", nil, ErrInvalid, "not taken"},
		{"/nothing", nil, ErrNotFound, ""},
	} {
		for range 3 {
			if status, got := l.do(c.path, c.body); status != c.status || got != c.want {
				t.Errorf("%s: %s, %.200q; want %s, %.200q", c.path, status, got, c.status, c.want)
			}
		}
	}
	if !l.host.said("id resumed") || !l.host.said(" init") {
		t.Errorf("%q", l.host.lines)
	}
	_ = l.stdin.Close()
	<-l.exited
	if !l.host.said(" shutdown") || !l.cmd.ProcessState.Success() || l.lost != 0 {
		t.Errorf("%q %v, %d lost", l.host.lines, l.cmd.ProcessState, l.lost)
	}
	if _, got := l.do("/hello", nil); got != ErrGone.Error() {
		t.Error("after its end: ", got)
	}
}

// More requests than threads, of all kinds, from many goroutines: each gets its
// own answer, and nothing is left.
func TestManyRequestsAtOnceGetTheirOwnAnswers(t *testing.T) {
	l := startLinked(t)
	want := map[string]string{"/hello": "hello", "/await": "waited", "/pending": "completed", "/block": "blocked"}
	var all sync.WaitGroup
	for n := range 32 {
		all.Go(func() {
			for i := range 100 {
				path := []string{"/hello", "/await", "/pending", "/block", "/echo"}[(n+i)%5]
				text := want[path]
				if path == "/echo" {
					text = fmt.Sprint("body of ", n, " and ", i)
				}
				status, got := l.do(path, []byte(text))
				if status != OK || !strings.HasSuffix(got, " "+text) {
					t.Errorf("%s: %s, %q", path, status, got)
				}
			}
		})
	}
	all.Wait()
	for until := time.Now().Add(5 * time.Second); l.link.frames.InFlight() > 0 && time.Now().Before(until); runtime.Gosched() {
	}
	if n, used := l.link.frames.InFlight(), l.link.frames.Used(); n != 0 || used != 0 {
		t.Errorf("%d frames and %d bytes of the link are in use", n, used)
	}
}

func TestEndOfTheProcessCompletesWhatItHad(t *testing.T) {
	l := startLinked(t)
	var lost sync.WaitGroup
	for range 5 {
		f := l.request("/never", 10*time.Second, nil)
		if got, err := l.remote.Enter(f); got != Pending || err != nil {
			t.Fatal(got, err)
		}
		lost.Go(func() {
			f.Park()
			<-f.Done()
			if status, ok := f.TakeCompletion(); status != Lost || !ok {
				t.Error(status, ok)
			}
			f.Release()
		})
	}
	if status, _ := l.do("/crash", nil); status != Lost {
		t.Error(status)
	}
	<-l.exited
	lost.Wait()
	if !l.host.said("id last words") || l.lost != 6 {
		t.Errorf("%q, %d lost", l.host.lines, l.lost)
	}
}

// A request that is given up is canceled over there; its memory stays its own
// until it has ended there, too.
func TestRequestThatIsGivenUpEndsLater(t *testing.T) {
	l := startLinked(t)
	for _, c := range []struct{ path, line string }{
		{"/await-long", "id resumed for the last time"},
		{"/never", " cancel"},
	} {
		f := l.request(c.path, 30*time.Millisecond, nil)
		token := f.Token()
		if got, err := l.remote.Enter(f); got != Pending || err != nil {
			t.Fatal(got, err)
		}
		f.Park()
		<-time.After(time.Until(time.Unix(0, f.req.Deadline)))
		ended := make(chan struct{})
		if !f.Abandon(func() { f.Release(); close(ended) }) {
			t.Fatal("it was completed")
		}
		l.remote.Cancel(token)
		for until := time.Now().Add(5 * time.Second); !l.host.said(c.line) && time.Now().Before(until); runtime.Gosched() {
		}
		if !l.host.said(c.line) {
			t.Errorf("%s: %q", c.path, l.host.lines)
		}
		if c.path == "/never" {
			_ = l.cmd.Process.Kill()
		}
		<-ended
	}
}

func TestHangIsSeen(t *testing.T) {
	l := startLinked(t)
	spin, wait := l.request("/spin", time.Millisecond, nil), l.request("/never", time.Millisecond, nil)
	for _, f := range []*Frame{spin, wait} {
		if got, err := l.remote.Enter(f); got != Pending || err != nil {
			t.Fatal(got, err)
		}
	}
	<-time.After(time.Until(time.Unix(0, wait.req.Deadline))) // from where on the one that waits could count, too
	for until := time.Now().Add(5 * time.Second); l.remote.Overdue(time.Now(), 0) != 1 && time.Now().Before(until); runtime.Gosched() {
	}
	if n := l.remote.Overdue(time.Now(), 0); n != 1 {
		t.Errorf("%d calls hang", n)
	}
	if n := l.remote.Overdue(time.Now(), time.Hour); n != 0 {
		t.Errorf("%d calls hang for an hour", n)
	}
	_ = l.cmd.Process.Kill()
	for _, f := range []*Frame{spin, wait} {
		f.Park()
		<-f.Done()
		f.Release()
	}
}

// A guest that says nonsense is not believed, and the gateway goes on.
func TestNonsenseOfTheOtherProcessHarmsNobody(t *testing.T) {
	l := startLinked(t)
	liar := sender{ring: &l.link.layout.answer}
	liar.next.Store(l.remote.answers.next.Load())
	outside := uint64(0x1000)
	for _, m := range []message{
		{kind: 99}, {kind: sayAnswer, token: 1 << 62}, {kind: sayAnswer, token: instanceToken}, {kind: sayAnswer, token: 0xffff},
		{kind: sayStop, id: 12345}, {kind: sayFreed, token: 5}, {kind: sayRelease, token: instanceToken, a: outside},
		{kind: askOperate, token: instanceToken, a: 7 << 32}, {kind: askOperate, token: instanceToken, a: 1<<32 | 1, b: outside},
		{kind: askOperate, token: 77, a: 1<<32 | 1}, {kind: askService, a: outside, b: 10}, {kind: askLog, a: outside, b: 1 << 40},
		{kind: askLog, a: uint64(uintptr(l.link.mapped) + l.link.size - 4), b: 10},
	} {
		l.remote.hearing.Lock() // the true guest is silent meanwhile
		if !liar.send(&m) {
			t.Fatal("no room")
		}
		l.remote.hearing.Unlock()
		l.remote.hear(ringCells)
	}
	l.remote.hearing.Lock()
	defer l.remote.hearing.Unlock()
	if bytes.Contains([]byte(strings.Join(l.host.lines, "")), []byte("\x7fELF")) {
		t.Error("it has read what is not its own")
	}
}

// quietRemote is a gateway's end without a process at the other.
func quietRemote(t *testing.T) *Remote {
	t.Helper()
	link, err := NewLink(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	r := NewRemote(link, RemoteOptions{Memory: newMemory(t, 1<<20), Host: &linkedHost{}})
	t.Cleanup(func() {
		r.Ended()
		link.Close()
	})
	return r
}

// A struct that ends in the midst of a reference has no such reference: not one
// with an address and somebody else's length.
func TestReferenceThatIsCutIsNone(t *testing.T) {
	r := quietRemote(t)
	b, err := r.link.frames.takeBlock(4096)
	if err != nil {
		t.Fatal(err)
	}
	at := uintptr(r.link.frames.at(b.off))
	secret := []byte("of another request")
	put := (*CachePut)(r.link.frames.at(b.off))
	*put = CachePut{Key: Bytes{Ptr: at, Len: 4}, Value: Bytes{Ptr: uintptr(unsafe.Pointer(unsafe.SliceData(secret))), Len: uint64(len(secret))}}
	value := uint32(unsafe.Offsetof(put.Value))
	for size := value; size <= value+uint32(unsafe.Sizeof(put.Value)); size++ {
		put.StructSize = size
		args, err := r.lift.args(CacheID, CachePutOp, at)
		if size == value+uint32(unsafe.Sizeof(put.Value)) {
			if err != errOutside {
				t.Errorf("a whole one: %v", err)
			}
			break
		}
		got, failed := Load[CachePut](args)
		if err != nil || failed != nil || got.Value != (Bytes{}) || got.Key != put.Key {
			t.Errorf("%d bytes: %+v %v %v", size, got, err, failed)
		}
		r.lift.reset()
	}
}

// A process that asks and takes no replies is told as one that hangs, and costs
// the gateway no more than is bounded; so does one whose queue makes no sense.
func TestProcessThatTakesNothingIsBroken(t *testing.T) {
	r := quietRemote(t)
	goroutines := runtime.NumGoroutine()
	for n := range ringCells + maxBacklog + 10 {
		if n == ringCells+maxBacklog && r.Overdue(time.Now(), time.Hour) != 0 {
			t.Error("it is broken too early")
		}
		r.heard(&message{kind: askLog, a: 1, b: 10, id: uint64(n)})
	}
	if n := r.Overdue(time.Now(), time.Hour); n != maxFrames {
		t.Errorf("%d calls hang", n)
	}
	if n := runtime.NumGoroutine(); n > goroutines+2 {
		t.Errorf("there are %d goroutines more", n-goroutines)
	}
	other := quietRemote(t)
	for n := range other.link.layout.calls.cells {
		other.link.layout.calls.cells[n].turn.Store(^uint64(0))
	}
	f, err := other.opts.Memory.Acquire()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Release()
	if _, err := other.Enter(f); err != ErrBacklog {
		t.Error(err)
	}
	if n := other.Overdue(time.Now().Add(2*stuckMost), time.Hour); n != maxFrames {
		t.Errorf("%d calls hang where no message can be sent", n)
	}
}

// The gateway has given a request up at its deadline, whether or not its process
// has heard of it: what completes it then is late.
func TestCompletionPastTheDeadlineIsLateBeforeTheGatewaySaysSo(t *testing.T) {
	for _, test := range []struct {
		left         time.Duration
		want, status Status
	}{{time.Minute, OK, ErrClosing}, {-time.Nanosecond, ErrDeadline, ErrDeadline}} {
		f := acquire(t, quietRemote(t).link.frames)
		f.expires.Store(int64(time.Since(began) + test.left))
		f.Park()
		if got := f.complete(f.Token(), ErrClosing, 0); got != test.want {
			t.Errorf("with %v left: %v, want %v", test.left, got, test.want)
		}
		<-f.Done()
		if got, ok := f.TakeCompletion(); got != test.status || !ok {
			t.Errorf("with %v left its request has %v, %v", test.left, got, ok)
		}
	}
}
