package abi

import (
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/ebitengine/purego"
)

// The functions of the host table. purego has a fixed number of callbacks that
// are never freed, so each is registered once per process; the host pointer
// tells the instances apart. They run on whatever thread calls them, of the
// library's own too.
var callbackTable = sync.OnceValue(func() HostTable {
	return HostTable{
		StructSize: uint32(unsafe.Sizeof(HostTable{})),
		ABIMajor:   Major, ABIMinor: Minor,
		Service:        callback(hostService),
		Call:           callback(hostCall),
		Complete:       callback(hostComplete),
		ArenaGrow:      callback(hostArenaGrow),
		ReleaseResults: callback(hostReleaseResults),
		Log:            callback(hostLog),
		Now:            callback(hostNow),
		Config:         callback(hostConfig),
		Canceled:       callback(hostCanceled),
	}
})

// callback makes a C function of one of the functions below. It finds the
// instance, counts the call, and turns a panic and an unreadable address into a
// status: nothing may unwind into the library.
func callback(f func(i *Instance, a, b, c uintptr) Status) uintptr {
	return purego.NewCallback(func(host, a, b, c uintptr) (result uintptr) {
		awake()
		found, ok := instances.byTable.Load(host)
		if !ok {
			return status(ErrInvalid)
		}
		i := found.(*Instance)
		// Counted before the look at closed: Unload sees either the count or
		// a callback that leaves at once.
		i.calls.Add(1)
		defer i.calls.Add(-1)
		if i.closed.Load() {
			return status(ErrClosing)
		}
		defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
		defer func() {
			if p := recover(); p != nil {
				result = status(ErrInvalid)
			}
		}()
		return status(f(i, a, b, c))
	})
}

func status(s Status) uintptr { return uintptr(s) }

// requestFrame finds the open request that a token names.
func (i *Instance) requestFrame(token uint64) (*Frame, Status) {
	if token&instanceToken != 0 {
		return nil, ErrStale
	}
	f := i.opts.Memory.frame(token)
	if f == nil || !f.open(token>>slotBits) {
		return nil, ErrStale
	}
	return f, OK
}

func (i *Instance) ownToken(token uint64) bool { return token == instanceToken|i.id }

// bytesAt reads an eg_bytes that was passed by pointer.
func bytesAt(address uintptr, limit uint64) ([]byte, bool) {
	if address == 0 {
		return nil, false
	}
	v, err := view(*at[Bytes](address), limit)
	return v, err == nil
}

func hostService(i *Instance, id, name, out uintptr) Status {
	if id == 0 || out == 0 {
		return ErrInvalid
	}
	var key strings.Builder
	for n := range uintptr(64) {
		c := *at[byte](id + n)
		if c == 0 {
			break
		}
		key.WriteByte(c)
	}
	text, binding := key.String(), ""
	if name != 0 {
		b, ok := bytesAt(name, 256)
		if !ok {
			return ErrInvalid
		}
		binding = string(b)
	}
	lookup := text + "\x00" + binding
	if table, ok := i.tables.Load(lookup); ok {
		*at[uintptr](out) = table.(uintptr)
		return OK
	}
	service, st := i.opts.Host.Service(text, binding)
	if service == nil {
		return st
	}
	head := i.constant(int(unsafe.Sizeof(ServiceTable{})), nil)
	if head.Ptr == 0 {
		return ErrNoMemory
	}
	*at[ServiceTable](head.Ptr) = ServiceTable{StructSize: uint32(unsafe.Sizeof(ServiceTable{}))}
	i.services.Store(head.Ptr, service)
	i.tables.Store(lookup, head.Ptr)
	*at[uintptr](out) = head.Ptr
	return OK
}

// hostCall blocks its thread until the operations are done, or the request's
// deadline has come.
func hostCall(i *Instance, token, list, count uintptr) Status {
	var f *Frame
	var generation uint64
	deadline := time.Now().Add(time.Minute) // for background work
	if !i.ownToken(uint64(token)) {
		found, st := i.requestFrame(uint64(token))
		if st != OK {
			return st
		}
		f, generation = found, uint64(token)>>slotBits
		deadline = time.Unix(0, f.req.Deadline)
	}
	ops, err := startOperations(f, generation, i, list, uint64(count), deadline)
	if err != nil {
		return ErrInvalid
	}
	select {
	case <-ops.Done():
	default:
		timer := time.NewTimer(time.Until(deadline))
		select {
		case <-ops.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
	if err := ops.Finish(ErrDeadline); err != nil {
		return ErrInvalid
	}
	return OK
}

func hostComplete(i *Instance, token, st, response uintptr) Status {
	if uint64(token)&instanceToken != 0 {
		return ErrStale
	}
	f := i.opts.Memory.frame(uint64(token))
	if f == nil {
		return ErrStale
	}
	return f.complete(uint64(token), Status(int32(st)), response)
}

func hostArenaGrow(i *Instance, token, size, _ uintptr) Status {
	f, st := i.requestFrame(uint64(token))
	if st != OK {
		return st
	}
	next, end, err := f.addBlock(uint64(size), uint64(token)>>slotBits)
	switch {
	case err == ErrStale:
		return ErrStale
	case err != nil:
		return ErrNoMemory
	}
	f.arena.Next, f.arena.End = next, end
	return OK
}

func hostReleaseResults(i *Instance, token, list, count uintptr) Status {
	if count > maxOperations || (count > 0 && list == 0) {
		return ErrInvalid
	}
	ops := unsafe.Slice(at[Op](list), count)
	if guest, ok := i.opts.Host.(*Guest); ok { // the gateway has laid them out
		if !i.ownToken(uint64(token)) {
			if _, st := i.requestFrame(uint64(token)); st != OK {
				return st
			}
		}
		for n := range ops {
			if ops[n].Result != 0 {
				guest.releaseResult(uint64(token), ops[n].Result)
				ops[n].Result = 0
			}
		}
		return OK
	}
	if !i.ownToken(uint64(token)) {
		f, st := i.requestFrame(uint64(token))
		if st != OK {
			return st
		}
		for n := range ops {
			f.giveResult(ops[n].Result, uint64(token)>>slotBits)
			ops[n].Result = 0
		}
		return OK
	}
	for n := range ops {
		i.mu.Lock()
		b, ok := i.results[ops[n].Result]
		delete(i.results, ops[n].Result)
		i.mu.Unlock()
		if ok {
			i.opts.Memory.giveBlock(b)
			ops[n].Result = 0
		}
	}
	return OK
}

func hostLog(i *Instance, token, level, message uintptr) Status {
	if message == 0 {
		return ErrInvalid
	}
	m := *at[Bytes](message)
	m.Len = min(m.Len, 8<<10)
	b, err := view(m, 8<<10)
	if err != nil {
		return ErrInvalid
	}
	levels := [...]slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}
	n := int32(level)
	if n < 0 || int(n) >= len(levels) {
		return ErrInvalid
	}
	text, request := string(b), ""
	if f, st := i.requestFrame(uint64(token)); st == OK {
		request = string(f.Text(TextRequestID))
	}
	if levels[n] == slog.LevelError {
		i.lastLog.Store(&text)
	}
	i.opts.Host.Log(levels[n], request, text)
	return OK
}

func hostNow(_ *Instance, out, _, _ uintptr) Status {
	if out == 0 {
		return ErrInvalid
	}
	*at[int64](out) = time.Now().UnixNano()
	return OK
}

func hostConfig(i *Instance, name, out, _ uintptr) Status {
	b, ok := bytesAt(name, 256)
	if !ok || out == 0 {
		return ErrInvalid
	}
	value, ok := i.values[string(b)]
	if !ok {
		return ErrNotFound
	}
	*at[Bytes](out) = value
	return OK
}

func hostCanceled(i *Instance, token, _, _ uintptr) Status {
	f, st := i.requestFrame(uint64(token))
	switch {
	case st != OK:
		return st
	case f.control.Load()&stateMask == stateLate, time.Now().UnixNano() > f.req.Deadline:
		return ErrDeadline
	}
	return OK
}
