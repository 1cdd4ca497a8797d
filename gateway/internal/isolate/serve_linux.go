package isolate

import (
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/process"
)

// What a process inherits, from descriptor 3 on.
const (
	ordersFD = 3 + iota
	memoryFD
	bellFD
	crashFD
	recorderFD
	nextFD
)

// deaf are the signals that a service manager, or a terminal, sends to all
// processes of the gateway: it tells this one by itself. The last one comes when
// it is gone, to which standard error leads.
var deaf = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE}

// guest is the process.
type guest struct {
	orders   *os.File
	settings *start
	link     *abi.Guest
	bounds   []string
}

// serve is what the process does, from its first order to its last. It knows
// what confines it.
func serve(bounds []string) error {
	// Not by ignoring them: that would be passed on to what the handler starts.
	signal.Notify(make(chan os.Signal, 1), deaf...)
	closeStrays()
	g := &guest{bounds: bounds}
	recorder, err := g.inherit()
	if err != nil {
		return err
	}
	last := make(chan struct{})
	go g.follow(last)
	instance, err := g.start(recorder)
	if err != nil {
		return g.tell(news{Failed: failure(err)})
	}
	g.link.Serve(instance, g.settings.Threads)
	if err := g.tell(news{Started: &started{g.bounds}}); err != nil {
		return err
	}
	<-last
	g.link.Stop()
	instance.Shutdown()
	return nil
}

// inherit takes what the gateway has passed, and the first order.
func (g *guest) inherit() (recorder *abi.Recorder, err error) {
	if g.orders, err = process.Inherit(ordersFD, "orders"); err != nil {
		return nil, err
	}
	crash := process.InheritBlocking(crashFD, "crash output")
	if err := debug.SetCrashOutput(crash, debug.CrashOptions{}); err != nil {
		return nil, err
	}
	_ = crash.Close() // the runtime has a copy
	var first order
	if err := process.Read(g.orders, &first); err != nil || first.Start == nil {
		return nil, fmt.Errorf("the first order does not come: %w", err)
	}
	g.settings = first.Start
	memory := process.InheritBlocking(memoryFD, "link")
	bell, err := process.Inherit(bellFD, "bell")
	if err != nil {
		return nil, err
	}
	link, err := abi.OpenLink(memory, bell)
	if err != nil {
		return nil, err
	}
	g.link = abi.NewGuest(link)
	file := process.InheritBlocking(recorderFD, "recorder")
	if !g.settings.Recorder {
		return nil, file.Close()
	}
	if recorder, err = abi.OpenRecorder(file); err != nil {
		return nil, err
	}
	if err := recorder.RecordFaults(); err != nil {
		return nil, fmt.Errorf("record faults: %w", err)
	}
	g.link.Memory().Record(recorder)
	return recorder, nil
}

// start bounds the process, opens the library, and starts it.
func (g *guest) start(recorder *abi.Recorder) (*abi.Instance, error) {
	s := g.settings
	debug.SetMaxThreads(s.Threads + 10_000) // the gateway has bounded what it may take
	g.bounds = append(boundFirst(s.Limits), g.bounds...)
	library, err := recorder.Open(s.Library, "", s.Go, s.Endpoint, s.Digest)
	if err != nil {
		return nil, err
	}
	if err := g.tell(news{Opened: true}); err != nil {
		return nil, err
	}
	instance, err := abi.Start(library, abi.Options{
		Endpoint: s.Endpoint, Config: s.Config, Trial: s.Trial, Host: g.link, Memory: g.link.Memory(),
	})
	if err != nil {
		return nil, err
	}
	g.bounds = append(g.bounds, boundMemory(s.Limits, s.Threads)...)
	return instance, nil
}

// exitUnheard is the status of a process that does not hear its gateway.
const exitUnheard = 3

// follow closes last at the last order. A gateway that is gone, or a handler
// that has closed what leads there, ends the process at once.
func (g *guest) follow(last chan<- struct{}) {
	for {
		var o order
		if err := process.Read(g.orders, &o); err != nil {
			os.Exit(exitUnheard)
		}
		if o.Shutdown {
			close(last)
		}
	}
}

func (g *guest) tell(n news) error { return process.Write(g.orders, n) }

// closeStrays closes what came here although nobody had meant it to: libraries
// in the gateway open files that programs inherit. What this process has opened
// by itself is marked, as all that Go opens is.
func closeStrays() {
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, entry := range entries {
		fd, err := strconv.Atoi(entry.Name())
		if err != nil || fd < nextFD {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			_ = unix.Close(fd)
		}
	}
}
