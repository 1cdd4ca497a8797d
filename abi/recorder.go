package abi

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// Recorder is a flight recorder: memory of a file that a worker shares with the
// process that watches over it, in which each native call notes what it is
// about, so that after the worker's death it can be told whom to blame. Noting
// takes no system call, no allocation and no lock.
//
// It has one record for each frame, which the frame's owner writes, a few for
// calls without a frame, and one for each library that was loaded.
//
// Who reads it does so when the worker is dead, and then finds each record as
// its thread left it: a thread ends between two instructions, and what the
// instructions before have stored is in memory by the time its process has been
// waited for, whatever order other processors saw the stores in. So a record is
// whole if its word tells of it last and is taken back first, in the order of
// the program; the word is atomic, which keeps the compiler to that order. What
// a handler has scribbled over the memory is another matter: everything read is
// checked.
//
// A nil Recorder records nothing.
type Recorder struct {
	file   *os.File
	memory []byte
	layout *recorderLayout // in memory, which stays mapped until Close

	mu   sync.Mutex // of who loads
	next uint32     // record of a library never used yet
	free []uint32

	hint atomic.Uint32 // where a record without a frame was free last
}

const (
	recorderMagic = 0x6567_7265_636f_0001

	recordedLibraries = 16 << 10
	recordedLoose     = 1 << 10 // calls without a frame
)

// recorderLayout is how the memory is laid out.
type recorderLayout struct {
	magic     uint64
	frames    atomic.Uint32 // whose record may have been used
	libraries atomic.Uint32 // likewise
	_         [48]byte
	faults    faultRing
	library   [recordedLibraries]libraryRecord
	loose     [recordedLoose]callRecord
	call      [maxFrames]callRecord
}

// ErrNoRecorder says that the system has no memory to share this way.
var ErrNoRecorder = errors.New("no flight recorder on this system")

// NewRecorder makes an empty recorder, for the process that reads it.
func NewRecorder() (*Recorder, error) {
	file, err := sharedFile("edge-gateway-recorder", int64(unsafe.Sizeof(recorderLayout{})))
	if err != nil {
		return nil, fmt.Errorf("make the flight recorder: %w", err)
	}
	r, err := mapRecorder(file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	r.layout.magic = recorderMagic
	return r, nil
}

// OpenRecorder is the recorder in the file of one that another process has
// made, for the process that writes it.
func OpenRecorder(file *os.File) (*Recorder, error) {
	r, err := mapRecorder(file)
	if err == nil && r.layout.magic != recorderMagic {
		err = errors.Join(fmt.Errorf("file %q is not a flight recorder of this program", file.Name()), unmap(r.memory))
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

func mapRecorder(file *os.File) (*Recorder, error) {
	memory, err := mapShared(file, int(unsafe.Sizeof(recorderLayout{})))
	if err != nil {
		return nil, fmt.Errorf("map the flight recorder: %w", err)
	}
	// Sound: the memory is as large as the layout, is aligned to pages and is
	// no Go memory; it has integers only, for which all bytes will do.
	return &Recorder{file: file, memory: memory, layout: (*recorderLayout)(unsafe.Pointer(unsafe.SliceData(memory)))}, nil
}

// File is what another process needs to open the recorder.
func (r *Recorder) File() *os.File { return r.file }

// Close gives up a recorder that no call uses any more.
func (r *Recorder) Close() error {
	if r == nil {
		return nil
	}
	r.layout = nil
	return errors.Join(unmap(r.memory), r.file.Close())
}

// Activity is what a native call is about.
type Activity uint8

// The activities. A request that waits for its operations, or to be completed,
// is in no call, but its handler has work under way.
const (
	InNothing Activity = iota
	InConstructor
	InInit
	InEntry
	InResume
	InRelease
	InCancel
	InShutdown
	InUnload
	InWait
	activities
	claimed = activities // nothing yet, but somebody's record
)

var activityNames = [activities]string{
	InConstructor: "constructor", InInit: "init", InEntry: "entry", InResume: "resume", InRelease: "release",
	InCancel: "cancel", InShutdown: "shutdown", InUnload: "unload", InWait: "waiting",
}

func (a Activity) String() string {
	if a >= activities {
		return fmt.Sprintf("activity %d", uint8(a))
	}
	return activityNames[a]
}

// callRecord is the record of one call.
type callRecord struct {
	word    atomic.Uint64 // activity; 0 means that the rest says nothing
	library uint64        // number of its library
	since   int64         // when the request came, in nanoseconds since the epoch
	frame   uint64        // address of the frame's notes, if there is one: traces of the stack show it
	id      recorded[[40]byte]
	method  recorded[[7]byte]
	path    recorded[[45]byte]
}

// recorded is a text, or its beginning.
type recorded[T ~[7]byte | ~[40]byte | ~[45]byte | ~[64]byte] struct {
	length uint8
	text   T
}

// enter notes a request on its way into a library.
func (c *callRecord) enter(library uint64, f *Frame) {
	c.library = library
	c.since = f.req.Received
	c.id.length = uint8(copy(c.id.text[:], f.own(f.texts[TextRequestID])))
	c.method.length = uint8(copy(c.method.text[:], f.own(f.texts[TextMethod])))
	c.path.length = uint8(copy(c.path.text[:], f.own(f.texts[TextPath])))
	c.word.Store(uint64(InEntry))
}

// to notes that the call has become another one, or none.
func (c *callRecord) to(a Activity) { c.word.Store(uint64(a)) }

// returned notes what a native call on a request has returned.
func (c *callRecord) returned(s Status) {
	if s == Await || s == Pending {
		c.to(InWait)
	} else {
		c.to(InNothing)
	}
}

// end takes the record back, if there is something in it.
func (c *callRecord) end() {
	if c.word.Load() != 0 {
		c.word.Store(0)
	}
}

// begin notes a call without a frame; nil where no record is free.
func (r *Recorder) begin(a Activity, l *libraryRecord) *callRecord {
	if r == nil || l == nil {
		return nil
	}
	first := r.hint.Load()
	for n := range uint32(recordedLoose) {
		at := (first + n) % recordedLoose
		c := &r.layout.loose[at]
		if c.word.Load() == 0 && c.word.CompareAndSwap(0, uint64(claimed)) {
			r.hint.Store(at + 1)
			c.library, c.since = l.number, time.Now().UnixNano()
			c.id.length, c.method.length, c.path.length = 0, 0, 0
			c.to(a)
			return c
		}
	}
	return nil
}

func (c *callRecord) done() {
	if c != nil {
		c.to(InNothing)
	}
}

// libraryRecord is the record of one library that was loaded for an endpoint.
type libraryRecord struct {
	word     atomic.Uint64 // 1; 0 means that the rest says nothing
	number   uint64        // never 0
	lo, hi   atomic.Uint64 // where it lies; 0 before it is loaded
	endpoint recorded[[64]byte]
	version  recorded[[64]byte]
	_        [22]byte
}

// loading notes that a library is about to be loaded; nil where there is no
// room.
func (r *Recorder) loading(endpoint, version string) *libraryRecord {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.next
	if n := len(r.free); n > 0 {
		at, r.free = r.free[n-1], r.free[:n-1]
	} else if at == recordedLibraries {
		return nil
	} else {
		r.next++
	}
	l := &r.layout.library[at]
	l.number = uint64(at) + 1
	l.lo.Store(0)
	l.hi.Store(0)
	l.endpoint.length = uint8(copy(l.endpoint.text[:], endpoint))
	l.version.length = uint8(copy(l.version.text[:], version))
	r.layout.libraries.Store(max(r.layout.libraries.Load(), at+1))
	l.word.Store(1)
	return l
}

// unloaded notes that nothing is left of a library.
func (r *Recorder) unloaded(l *libraryRecord) {
	if r == nil || l == nil {
		return
	}
	l.word.Store(0)
	r.mu.Lock()
	r.free = append(r.free, uint32(l.number-1))
	r.mu.Unlock()
}

// Open is [Open] of the library of a version, for an endpoint, with a record of
// it and of everything that is then called in it.
func (r *Recorder) Open(path, dir string, isGo bool, endpoint, version string) (*Library, error) {
	record := r.loading(endpoint, version)
	call := r.begin(InConstructor, record)
	l, err := Open(path, dir, isGo)
	call.done()
	if err != nil {
		r.unloaded(record)
		return nil, err
	}
	if record != nil {
		l.recorder, l.record = r, record
		lo, hi := l.extent()
		record.lo.Store(uint64(lo))
		record.hi.Store(uint64(hi))
	}
	return l, nil
}
