//go:build linux

package abi

import (
	"bufio"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// recorderPair is a recorder as the worker has it, and as control does.
func recorderPair(t testing.TB) (worker, control *Recorder) {
	t.Helper()
	control, err := NewRecorder()
	if err != nil {
		t.Fatal(err)
	}
	fd, err := syscall.Dup(int(control.File().Fd()))
	if err != nil {
		t.Fatal(err)
	}
	worker, err = OpenRecorder(os.NewFile(uintptr(fd), "recorder"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := worker.Close(); err != nil {
			t.Error(err)
		}
		if err := control.Close(); err != nil {
			t.Error(err)
		}
	})
	return worker, control
}

// watchingHost reads the recorder while its library is at it.
type watchingHost struct {
	control *Recorder
	seen    map[string]Recorded // by line of the log
}

func (h *watchingHost) Service(string, string) (Service, Status) { return nil, ErrUnsupported }
func (h *watchingHost) Log(_ slog.Level, _, line string)         { h.seen[line] = h.control.Read() }

func TestEveryNativeCallIsRecordedWhileItIsUnderWay(t *testing.T) {
	worker, control := recorderPair(t)
	memory := newMemory(t, 1<<20)
	memory.Record(worker)
	host := &watchingHost{control, map[string]Recorded{}}
	fifo := filepath.Join(t.TempDir(), "fifo")
	path := buildRecorded(t, fifo)

	// A constructor and a destructor wait at the FIFO until it was looked.
	meanwhile := func(f func()) Recorded {
		t.Helper()
		var returned sync.WaitGroup
		returned.Go(f)
		pen, err := os.OpenFile(fifo, os.O_WRONLY, 0) // waits for it to open the other end
		if err != nil {
			t.Fatal(err)
		}
		defer returned.Wait()
		defer pen.Close()
		return control.Read()
	}
	only := func(all Recorded, a Activity, rest string) {
		t.Helper()
		if len(all.Calls) != 1 || len(all.Libraries) != 1 {
			t.Fatalf("%s: %+v", a, all)
		}
		c := all.Calls[0]
		if got := fmt.Sprint(c.ID, " ", c.Method, " ", c.Path); c.Activity != a || got != rest || time.Since(c.Since).Abs() > time.Minute {
			t.Errorf("%s: %+v", a, c)
		}
		if l := all.Libraries[0]; l.Number != c.Library || l.Endpoint != "orders" || l.Version != "abc" {
			t.Errorf("%s: %+v", a, l)
		}
	}

	var library *Library
	only(meanwhile(func() {
		var err error
		if library, err = worker.Open(path, t.TempDir(), false, "orders", "abc"); err != nil {
			t.Error(err)
		}
	}), InConstructor, "  ")
	instance, err := Start(library, Options{Endpoint: "orders", Host: host, Memory: memory})
	if err != nil {
		t.Fatal(err)
	}
	only(host.seen["init"], InInit, "  ")

	f := acquire(t, memory)
	longest := "/" + strings.Repeat("p", 100)
	for text, value := range map[Text]string{TextRequestID: "id-1", TextMethod: "PROPFIND", TextPath: longest, TextQuery: "key=secret"} {
		if err := f.SetText(text, []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	f.SetMeta(time.Now(), time.Now().Add(time.Hour))
	if got := instance.Enter(f); got != Await {
		t.Fatal(got)
	}
	request := "id-1 PROPFIN " + longest[:45]
	only(host.seen["entry"], InEntry, request)
	only(control.Read(), InWait, request)
	if got := instance.Resume(f, OK); got != OK {
		t.Fatal(got)
	}
	only(host.seen["resume"], InResume, request)
	if all := control.Read(); len(all.Calls) != 0 {
		t.Fatalf("after the answer: %+v", all.Calls)
	}
	instance.Release(f)
	only(host.seen["release"], InRelease, request)
	instance.Cancel(f.Token())
	only(host.seen["cancel"], InCancel, "  ")

	if got := instance.Enter(f); got != Await {
		t.Fatal(got)
	}
	f.Release() // it never was resumed
	if all := control.Read(); len(all.Calls) != 0 {
		t.Fatalf("after the request: %+v", all.Calls)
	}

	instance.Shutdown()
	only(host.seen["shutdown"], InShutdown, "  ")
	only(meanwhile(func() {
		if gone, err := instance.Unload(); !gone || err != nil {
			t.Error(gone, err)
		}
	}), InUnload, "  ")
	if all := control.Read(); len(all.Calls) != 0 || len(all.Libraries) != 0 {
		t.Fatalf("at the end: %+v", all)
	}
}

// What is recorded of where a library lies is what the system says.
func TestALibraryIsRecordedWhereItIsMapped(t *testing.T) {
	worker, control := recorderPair(t)
	fifo := filepath.Join(t.TempDir(), "fifo")
	path := buildRecorded(t, fifo)
	go func() {
		if pen, err := os.OpenFile(fifo, os.O_WRONLY, 0); err == nil {
			_ = pen.Close()
		}
	}()
	library, err := worker.Open(path, t.TempDir(), false, "orders", "abc")
	if err != nil {
		t.Fatal(err)
	}
	recorded := control.Read().Libraries[0]
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	defer maps.Close()
	var lo, hi uint64
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to, inode uint64
		var perms, offset, device string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s %s %s %d", &from, &to, &perms, &offset, &device, &inode); err != nil {
			t.Fatal(err)
		}
		if inode == library.file.inode {
			if lo == 0 {
				lo = from
			}
			hi = to
		}
	}
	// The mappings end at pages, and zeros at the end may be none of the file.
	if recorded.Lo != lo || recorded.Hi < hi-4096 || recorded.Hi > hi+64<<10 {
		t.Errorf("recorded %x-%x, mapped %x-%x", recorded.Lo, recorded.Hi, lo, hi)
	}
	if entry := uint64(library.symbol("handler_entry")); entry < recorded.Lo || entry >= recorded.Hi {
		t.Errorf("recorded %x-%x, handler_entry at %x", recorded.Lo, recorded.Hi, entry)
	}
}

func buildRecorded(t *testing.T, fifo string) string {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" {
			t.Fatal("no C compiler: ", err)
		}
		t.Skip("no C compiler: ", err)
	}
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "handler.so")
	text, err := exec.Command(cc, "-shared", "-fPIC", "-O1", "-I", ".", "-I", "../sdk-c", `-DFIFO="`+fifo+`"`,
		"-o", out, "testdata/recorded.c").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return out
}

// Many goroutines record at once, and somebody reads meanwhile: no record is of
// two calls. Reading is for the dead; here all writers stand still for it.
func TestRecordsOfManyCallsDoNotMix(t *testing.T) {
	worker, control := recorderPair(t)
	memory := newMemory(t, 1<<20)
	memory.Record(worker)
	const goroutines = 8
	var pause sync.RWMutex
	stop := make(chan struct{})
	var running sync.WaitGroup
	for g := range goroutines {
		record := worker.loading(fmt.Sprint("endpoint-", g), "v")
		id := []byte(fmt.Sprint("id-", g))
		running.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				pause.RLock()
				f, err := memory.Acquire()
				if err != nil {
					t.Error(err)
					pause.RUnlock()
					return
				}
				_ = f.SetText(TextRequestID, id)
				f.record.enter(record.number, f)
				call := worker.begin(InCancel, record)
				pause.RUnlock() // here they are read
				pause.RLock()
				call.done()
				f.record.returned(OK)
				f.Release()
				pause.RUnlock()
			}
		})
	}
	seen := 0
	for seen < 10_000 {
		pause.Lock()
		for _, c := range control.Read().Calls {
			seen++
			if want := fmt.Sprint("id-", c.Library-1); c.Activity == InEntry && c.ID != want {
				t.Fatalf("%+v, want %s", c, want)
			}
		}
		pause.Unlock()
	}
	close(stop)
	running.Wait()
	if all := control.Read(); len(all.Calls) != 0 {
		t.Fatalf("%+v", all.Calls)
	}
}

// A handler can write over the recorder. Reading it is safe all the same.
func TestARecorderFullOfRubbishIsRead(t *testing.T) {
	worker, control := recorderPair(t)
	for i := range worker.memory {
		worker.memory[i] = byte(i*7 + i>>8)
	}
	worker.layout.library[3].word.Store(1)
	worker.layout.call[5].word.Store(uint64(InEntry))
	worker.layout.call[5].path.length = 255
	all := control.Read()
	if len(all.Libraries) == 0 || len(all.Calls) == 0 {
		t.Fatal("nothing was read")
	}
	for _, c := range all.Calls {
		if strings.ContainsAny(c.Path, "\x00\n\x1b") {
			t.Fatalf("%q", c.Path)
		}
	}
	if err := control.File().Truncate(0); err == nil {
		t.Fatal("the file can be made shorter: reading the mapping would end this process")
	}
}
