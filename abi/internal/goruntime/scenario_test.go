//go:build linux && (amd64 || arm64)

package goruntime

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/ebitengine/purego"
)

var scenarios = map[string]func(libraries []string) error{
	"sixty":      sixty,
	"given up":   givenUp,
	"swallowed":  swallowed,
	"failed":     failed,
	"unprepared": unprepared,
}

// goLibrary is a loaded one, by the addresses of what it exports.
type goLibrary struct{ fault, work uintptr }

func open(name string) func() (uintptr, error) {
	return func() (uintptr, error) { return purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_LOCAL) }
}

func loadLibrary(name string) (l goLibrary, err error) {
	handle, err := Load(open(name))
	if err != nil {
		return l, err
	}
	if l.fault, err = purego.Dlsym(handle, "fault"); err != nil {
		return l, err
	}
	l.work, err = purego.Dlsym(handle, "work")
	return l, err
}

func (l goLibrary) recoversFault() bool {
	recovered, _, _ := purego.SyscallN(l.fault)
	return int32(recovered) == 1
}

func (l goLibrary) works() bool {
	done, _, _ := purego.SyscallN(l.work, 100)
	return int32(done) == 100
}

func sixty(files []string) error {
	rounds := 10
	if os.Getenv("EDGE_GATEWAY_TEST_LONG") == "1" {
		rounds = 50
	}
	before, err := collectionAgainstLoop()
	if err != nil {
		return err
	}
	var profile bytes.Buffer
	if err := pprof.StartCPUProfile(&profile); err != nil {
		return err
	}
	load := startLoad()
	libraries, err := loadAll(files[:Cap], load)
	if err != nil {
		return err
	}
	if err := faultAll(libraries, rounds); err != nil {
		return err
	}
	if err := load.stop(); err != nil {
		return err
	}
	pprof.StopCPUProfile()
	if err := readable(&profile); err != nil {
		return err
	}
	var after [3]collection
	for i := range after {
		if after[i], err = collectionAgainstLoop(); err != nil {
			return err
		}
	}
	fmt.Printf("faults recovered: at least %d by each library, calls meanwhile: %d\n", rounds+1, load.calls.Load())
	fmt.Printf("collection against a loop: before %v, with %d libraries %v\n", before, Cap, after)
	return full(files[Cap])
}

// loadAll loads the files from several goroutines, and has each library fault
// as soon as it is there, beside the oldest.
func loadAll(files []string, load *background) ([]goLibrary, error) {
	queue := make(chan string, len(files))
	for _, name := range files {
		queue <- name
	}
	close(queue)
	var mu sync.Mutex
	var libraries []goLibrary
	loaders := make(chan error)
	const count = 3
	for range count {
		go func() {
			for name := range queue {
				l, err := loadLibrary(name)
				if err != nil {
					loaders <- err
					return
				}
				mu.Lock()
				libraries = append(libraries, l)
				load.libraries.Store(append([]goLibrary(nil), libraries...))
				oldest := libraries[0]
				mu.Unlock()
				if !l.recoversFault() || !oldest.recoversFault() {
					loaders <- fmt.Errorf("a fault was not recovered with %d libraries", Loaded())
					return
				}
			}
			loaders <- nil
		}()
	}
	var err error
	for range count {
		err = errors.Join(err, <-loaders)
	}
	if err == nil && Loaded() != len(files) {
		err = fmt.Errorf("%d of %d are counted as loaded", Loaded(), len(files))
	}
	return libraries, err
}

// faultAll has every library fault, oldest first, and the host in between.
func faultAll(libraries []goLibrary, rounds int) error {
	for round := range rounds {
		for i, l := range libraries {
			if !l.recoversFault() {
				return fmt.Errorf("round %d: library %d did not recover a nil dereference", round, i)
			}
			if !hostRecoversFault() {
				return fmt.Errorf("round %d: the host did not recover a nil dereference after library %d", round, i)
			}
		}
	}
	return nil
}

func hostRecoversFault() (recovered bool) {
	defer func() { recovered = recover() != nil }()
	return dereference(nil)
}

//go:noinline
func dereference(p *bool) bool { return *p }

// background calls the libraries that are there from several goroutines, with
// faults among the calls, while the host collects garbage.
type background struct {
	libraries atomic.Value // []goLibrary
	calls     atomic.Int64
	stopping  atomic.Bool
	errors    chan error
}

const callers = 4

func startLoad() *background {
	b := &background{errors: make(chan error, callers+1)}
	for caller := range callers {
		go func() { b.errors <- b.call(caller) }()
	}
	go func() {
		for !b.stopping.Load() {
			runtime.GC()
		}
		b.errors <- nil
	}()
	return b
}

func (b *background) call(seed int) error {
	for n := seed; !b.stopping.Load(); n++ {
		libraries, _ := b.libraries.Load().([]goLibrary)
		if len(libraries) == 0 {
			runtime.Gosched()
			continue
		}
		l := libraries[n%len(libraries)]
		if !l.works() {
			return errors.New("a call was answered wrongly")
		}
		if n%8 == 0 && !(l.recoversFault() && hostRecoversFault()) {
			return errors.New("a fault under load was not recovered")
		}
		b.calls.Add(1)
	}
	return nil
}

func (b *background) stop() error {
	b.stopping.Store(true)
	var err error
	for range cap(b.errors) {
		err = errors.Join(err, <-b.errors)
	}
	return err
}

func readable(profile *bytes.Buffer) error {
	content, err := gzip.NewReader(profile)
	if err != nil {
		return fmt.Errorf("read the CPU profile: %w", err)
	}
	n, err := io.Copy(io.Discard, content)
	if err == nil && n < 1000 {
		err = fmt.Errorf("the CPU profile has only %d bytes", n)
	}
	return err
}

func full(file string) error {
	_, err := Load(func() (uintptr, error) {
		return 0, fmt.Errorf("%q was opened", file)
	})
	if !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), "isolation = \"process\"") {
		return fmt.Errorf("library %d: got %v", Cap+1, err)
	}
	if Loaded() != Cap {
		return fmt.Errorf("%d are counted as loaded", Loaded())
	}
	return nil
}

func givenUp(files []string) error {
	host, err := preemptionAction()
	if err != nil {
		return err
	}
	reason := errors.New("given up")
	_, err = Load(func() (uintptr, error) {
		if _, err := open(files[0])(); err != nil {
			return 0, err
		}
		return 0, reason
	})
	if err != reason {
		return fmt.Errorf("got %v", err)
	}
	if Loaded() != 1 {
		return fmt.Errorf("%d are counted as loaded", Loaded())
	}
	now, err := preemptionAction()
	if err == nil && now != host {
		err = fmt.Errorf("the preemption signal's action is %+v, was %+v", now, host)
	}
	return err
}

func failed([]string) error {
	handle, err := Load(open("/nonexistent/library.so"))
	if handle != 0 || err == nil || !strings.Contains(err.Error(), "/nonexistent/library.so") {
		return fmt.Errorf("got %d, %v", handle, err)
	}
	if Loaded() != 0 {
		return fmt.Errorf("%d are counted as loaded", Loaded())
	}
	return nil
}

func unprepared([]string) error {
	// Too late for the loader.
	if err := os.Setenv(TunablesVariable, Tunables("")); err != nil {
		return err
	}
	reason := Ready()
	if !errors.Is(reason, ErrUnsupported) || !strings.Contains(reason.Error(), TunablesVariable+"="+Tunables("")) {
		return fmt.Errorf("got %v", reason)
	}
	_, err := Load(func() (uintptr, error) { return 0, errors.New("opened") })
	if err == nil || err.Error() != reason.Error() {
		return fmt.Errorf("got %v, want %v", err, reason)
	}
	return nil
}
