package abi

import (
	"errors"
	"fmt"
	"log/slog"
	"sort"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Host is what the gateway does for the library of one instance. Its methods
// are called from any thread.
type Host interface {
	// Service finds the service with an ABI id ("eg.timer/1") under the local
	// name of a binding, "" where the library gave none. A nil Service comes
	// with the status that says why.
	Service(id, name string) (Service, Status)
	// Log writes a line; requestID is "" for background work.
	Log(level slog.Level, requestID, message string)
}

// Options of an instance.
type Options struct {
	Endpoint string
	Config   map[string]string
	Trial    bool
	Host     Host
	Memory   *Memory
}

// Errors of starting an instance that callers tell apart.
var (
	ErrABI    = errors.New("the library was built for another version of the ABI")
	ErrInit   = errors.New("handler_init refused to start")
	ErrSymbol = errors.New("the library lacks a required function")
)

// Instance is one load of one library for one endpoint: own globals, own
// config, own self.
//
// Enter and Resume are safe for use from many goroutines. The caller keeps a
// count of what is running and calls Shutdown when that is zero.
type Instance struct {
	library *Library
	info    About
	opts    Options

	entry, shutdown, cancel uintptr
	self                    uintptr

	id       uint64
	number   uint64     // of the library in the recorder; 0 if it has none
	table    *HostTable // in a block that stays as long as the code may run
	values   map[string]Bytes
	closed   atomic.Bool
	calls    atomic.Int64 // callbacks running
	services sync.Map     // address of a table -> Service
	tables   sync.Map     // id and name -> address
	lastLog  atomic.Pointer[string]

	mu      sync.Mutex // guards what follows
	blocks  []block
	next    uintptr
	end     uintptr
	results map[uintptr]block
}

// About is what a library says of itself.
type About struct {
	Name, Version, SDK, Language string
	// Unloadable is the author's word that nothing of the library runs on
	// after its shutdown.
	Unloadable bool
}

var instances struct {
	byTable sync.Map // address of the host table -> *Instance
	last    atomic.Uint64
}

// Start makes a loaded library an instance: checks its version, hands it its
// host table and config and runs its handler_init. A library can be started
// once. After an error it is closed, unless its handler_init has run and its
// author does not vouch for unloading: then it stays, refused everything.
func Start(library *Library, opts Options) (*Instance, error) {
	i := &Instance{library: library, opts: opts, results: map[uintptr]block{}}
	if library.record != nil {
		i.number = library.record.number
	}
	ran, err := i.start()
	if err == nil {
		return i, nil
	}
	i.closed.Store(true)
	if !ran || i.info.Unloadable {
		_, closing := i.close()
		err = errors.Join(err, closing)
	} else {
		library.keep()
	}
	return nil, err
}

// start tells whether handler_init has run.
func (i *Instance) start() (ran bool, err error) {
	library := i.library
	info := library.symbol("handler_info")
	i.entry = library.symbol("handler_entry")
	if info == 0 || i.entry == 0 {
		return false, fmt.Errorf("%w: it must export handler_info and handler_entry", ErrSymbol)
	}
	i.shutdown = library.symbol("handler_shutdown")
	i.cancel = library.symbol("handler_cancel")
	call := library.recorder.begin(InInit, library.record)
	defer call.done()
	if err := i.readInfo(info); err != nil {
		return false, err
	}
	init, err := i.makeTable()
	if err != nil {
		return false, err
	}
	if fn := library.symbol("handler_init"); fn != 0 {
		self := mapped(i.constant(8, nil).Ptr, 8)
		clear(self)
		cell := uintptr(unsafe.Pointer(unsafe.SliceData(self)))
		r, _, _ := purego.SyscallN(fn, uintptr(unsafe.Pointer(i.table)), init, cell)
		putFloatBack()
		if status := Status(int32(r)); status != OK {
			if text := i.lastLog.Load(); text != nil {
				return true, fmt.Errorf("%w: %w: %s", ErrInit, status, *text)
			}
			return true, fmt.Errorf("%w: %w", ErrInit, status)
		}
		i.self = *at[uintptr](cell)
	}
	return true, nil
}

func (i *Instance) readInfo(fn uintptr) error {
	r, _, _ := purego.SyscallN(fn)
	if r == 0 {
		return fmt.Errorf("%w: handler_info returned NULL", ErrABI)
	}
	return guarded(func() error {
		head := at[Info](r)
		if head.ABIMajor != Major || head.ABIMinor != Minor {
			return fmt.Errorf("%w: it has %d.%d, this gateway has %d.%d; rebuild it with this gateway's SDK",
				ErrABI, head.ABIMajor, head.ABIMinor, Major, Minor)
		}
		if head.StructSize < uint32(unsafe.Sizeof(Info{})) || head.PointerSize != uint32(unsafe.Sizeof(uintptr(0))) {
			return fmt.Errorf("%w: eg_info has %d bytes and pointers of %d; expected %d and %d",
				ErrABI, head.StructSize, head.PointerSize, unsafe.Sizeof(Info{}), unsafe.Sizeof(uintptr(0)))
		}
		text := func(b Bytes) string {
			v, err := view(b, 256)
			if err != nil {
				return ""
			}
			return string(v)
		}
		i.info = About{
			Name: text(head.Name), Version: text(head.Version), SDK: text(head.SDK), Language: text(head.Language),
			Unloadable: head.Flags&InfoUnloadable != 0,
		}
		return nil
	})
}

// makeTable lays the host table and the config out in memory of the instance.
func (i *Instance) makeTable() (init uintptr, err error) {
	if err := i.addBlock(4096); err != nil {
		return 0, err
	}
	i.id = instances.last.Add(1)
	i.table = at[HostTable](i.constant(int(unsafe.Sizeof(HostTable{})), nil).Ptr)
	*i.table = callbackTable()
	i.table.Token = instanceToken | i.id

	names := make([]string, 0, len(i.opts.Config))
	for name := range i.opts.Config {
		names = append(names, name)
	}
	sort.Strings(names)
	i.values = make(map[string]Bytes, len(names))
	list := i.constant(len(names)*int(unsafe.Sizeof(Field{})), nil)
	fields := unsafe.Slice(at[Field](list.Ptr), len(names))
	for n, name := range names {
		value := i.opts.Config[name]
		fields[n] = Field{Name: i.constant(len(name), []byte(name)), Value: i.constant(len(value), []byte(value))}
		i.values[name] = fields[n].Value
	}
	start := Init{
		StructSize: uint32(unsafe.Sizeof(Init{})),
		Endpoint:   i.constant(len(i.opts.Endpoint), []byte(i.opts.Endpoint)),
		Config:     list.Ptr, ConfigCount: uint64(len(names)),
	}
	if i.opts.Trial {
		start.Flags = InitTrial
	}
	init = i.constant(int(unsafe.Sizeof(start)), nil).Ptr
	if init == 0 {
		return 0, ErrMemory
	}
	*at[Init](init) = start
	instances.byTable.Store(uintptr(unsafe.Pointer(i.table)), i)
	return init, nil
}

func (i *Instance) addBlock(n uint64) error {
	b, err := i.opts.Memory.takeBlock(n)
	if err != nil {
		return fmt.Errorf("memory for an instance: %w", err)
	}
	i.blocks = append(i.blocks, b)
	i.next = uintptr(i.opts.Memory.at(b.off))
	i.end = i.next + b.size()
	return nil
}

// constant places n bytes for the life of the instance.
func (i *Instance) constant(n int, content []byte) Bytes {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.next = (i.next + 15) &^ 15
	if i.next+uintptr(n) > i.end || i.next > i.end {
		if err := i.addBlock(uint64(n)); err != nil {
			return Bytes{}
		}
	}
	at := i.next
	i.next += uintptr(n)
	copy(mapped(at, n), content)
	return Bytes{Ptr: at, Len: uint64(n)}
}

// resultRoom is room for the result of an operation made with the instance's
// own token, until release_results.
func (i *Instance) resultRoom(n uint64) (uintptr, error) {
	b, err := i.opts.Memory.takeBlock(n)
	if err != nil {
		return 0, err
	}
	at := uintptr(i.opts.Memory.at(b.off))
	i.mu.Lock()
	i.results[at] = b
	i.mu.Unlock()
	return at, nil
}

// moveResult notes that the result struct does not lie where its block starts.
func (i *Instance) moveResult(from, to uintptr) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.results[to] = i.results[from]
	delete(i.results, from)
}

// About is what the library says of itself.
func (i *Instance) About() About { return i.info }

// Enter calls handler_entry for the request in f.
func (i *Instance) Enter(f *Frame) Status {
	awake()
	f.req.Self = i.self
	f.prepare()
	f.args[0] = uintptr(unsafe.Pointer(i.table))
	f.args[1] = uintptr(unsafe.Pointer(f.req))
	f.args[2] = uintptr(unsafe.Pointer(f.resp))
	f.record.enter(i.number, f)
	r, _, _ := purego.SyscallN(i.entry, f.args[:3]...)
	putFloatBack()
	status := Status(int32(r))
	f.record.returned(status)
	return status
}

// Resume continues a request that returned EG_AWAIT, after its operations were
// finished. reason is OK, or says why the request is over.
func (i *Instance) Resume(f *Frame, reason Status) Status {
	awake()
	resume, state := f.resp.Resume, f.resp.State
	next, end := f.arena.Next, f.arena.End
	f.prepare()
	f.arena.Next, f.arena.End = next, end // what was taken stays taken
	f.args[0] = uintptr(unsafe.Pointer(i.table))
	f.args[1] = uintptr(unsafe.Pointer(f.req))
	f.args[2] = uintptr(unsafe.Pointer(f.resp))
	f.args[3] = state
	f.args[4] = uintptr(reason)
	f.record.to(InResume)
	r, _, _ := purego.SyscallN(resume, f.args[:5]...)
	putFloatBack()
	status := Status(int32(r))
	f.record.returned(status)
	return status
}

// Release hands the memory of an answer back to the library.
func (i *Instance) Release(f *Frame) {
	if release := f.resp.Release; release != 0 {
		f.resp.Release = 0
		f.args[0] = f.resp.ReleaseContext
		f.record.to(InRelease)
		purego.SyscallN(release, f.args[:1]...)
		putFloatBack()
		f.record.to(InNothing)
	}
}

// Cancel tells the library that nobody waits for a request any more.
func (i *Instance) Cancel(token uint64) {
	if i.cancel != 0 {
		call := i.library.recorder.begin(InCancel, i.library.record)
		purego.SyscallN(i.cancel, uintptr(unsafe.Pointer(i.table)), i.self, uintptr(token))
		putFloatBack()
		call.done()
	}
}

// Shutdown runs the library's handler_shutdown; from then on all that it asks
// of the host is refused. No request may be running.
func (i *Instance) Shutdown() {
	if i.shutdown != 0 {
		call := i.library.recorder.begin(InShutdown, i.library.record)
		purego.SyscallN(i.shutdown, uintptr(unsafe.Pointer(i.table)), i.self)
		putFloatBack()
		call.done()
	}
	i.closed.Store(true)
}

// Unload closes the library after Shutdown, if its author vouched for that, and
// tells whether its code is really gone from the process. What is not stays
// loaded for good, and its host table with it.
func (i *Instance) Unload() (gone bool, err error) {
	if !i.info.Unloadable || i.calls.Load() != 0 {
		i.library.keep()
		return false, nil
	}
	return i.close()
}

func (i *Instance) close() (gone bool, err error) {
	gone, err = i.library.Close()
	if gone {
		if i.table != nil {
			instances.byTable.Delete(uintptr(unsafe.Pointer(i.table)))
		}
		for _, b := range i.blocks {
			i.opts.Memory.giveBlock(b)
		}
	}
	return gone, err
}
