package abi

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/edge-gateway/edge-gateway/abi/internal/goruntime"
)

var (
	// ErrOpen says that the system's loader refused a library.
	ErrOpen = errors.New("the system cannot load the library")

	// ErrNoExec says that it did because of where the library lies.
	ErrNoExec = errors.New("the file system is mounted noexec, so that no code can be loaded from it")

	// ErrGoFull says that this process has taken as many Go libraries as it can.
	// Another process can take more.
	ErrGoFull = goruntime.ErrFull
)

// GoLibraries is how many Go runtimes this process has loaded beside its own, at
// most 60. None of them is ever unloaded.
func GoLibraries() int { return goruntime.Loaded() }

// MaxGoLibraries is how many Go libraries a process takes.
const MaxGoLibraries = goruntime.Cap

// What this process cannot give back: libraries that ended and are still mapped.
var left struct{ bytes, goLibraries atomic.Int64 }

// Retained is how many bytes of libraries are mapped that will not be used
// again, and GoRetained how many of them are Go libraries.
func Retained() int64   { return left.bytes.Load() }
func GoRetained() int64 { return left.goLibraries.Load() }

// Library is a shared library in this process.
type Library struct {
	handle uintptr
	file   fileID // of the copy that was loaded
	goLang bool

	// The copy, open: while it is, no other file gets its inode, by which
	// Close looks for the library among the mappings.
	held *os.File

	recorder *Recorder // nil, as is record, if nothing is recorded of it
	record   *libraryRecord
}

// Open copies the file into dir and loads the copy, so that the code in use
// has an inode of its own: loaders hand out old code for a file that they know,
// and a mapped file that somebody writes over ends the process. Where the
// system allows it the copy is removed at once. isGo says that the library
// brings a Go runtime, which needs care; see package goruntime.
//
// Loading runs the library's constructors, so whatever can be found out from
// the file should have been. Without a dir the file is loaded itself: it is one
// that [Copy] has made, or that nobody changes, and this process loads no other.
func Open(path, dir string, isGo bool) (*Library, error) {
	copied, err := path, error(nil)
	if dir != "" {
		if copied, err = Copy(path, dir); err != nil {
			return nil, err
		}
		defer removeLoaded(copied)
	}
	id, err := identify(copied)
	if err != nil {
		return nil, fmt.Errorf("identify library %q: %w", copied, err)
	}
	held, err := os.Open(copied)
	if err != nil {
		return nil, fmt.Errorf("open the copy of library %q: %w", path, err)
	}
	handle, err := load(copied, isGo)
	if err != nil {
		_ = held.Close()
		if noexec(copied) {
			return nil, fmt.Errorf("%w: %q: %w", ErrOpen, filepath.Dir(copied), ErrNoExec)
		}
		return nil, fmt.Errorf("%w: %q: %w", ErrOpen, path, err)
	}
	return &Library{handle: handle, file: id, goLang: isGo, held: held}, nil
}

// Copy makes a copy of a library in a folder, for Open.
func Copy(path, dir string) (copied string, err error) {
	if copied, err = ownCopy(path, dir); err != nil {
		return "", fmt.Errorf("copy library %q: %w", path, err)
	}
	return copied, nil
}

func ownCopy(path, dir string) (string, error) {
	from, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer from.Close()
	to, err := os.CreateTemp(dir, "instance-*"+filepath.Ext(path))
	if err != nil {
		return "", err
	}
	_, err = io.Copy(to, from)
	if err == nil {
		err = to.Chmod(0o700)
	}
	if closing := to.Close(); err == nil {
		err = closing
	}
	if err != nil {
		_ = os.Remove(to.Name())
		return "", err
	}
	return to.Name(), nil
}

// symbol is the address of an exported function; 0 if there is none.
func (l *Library) symbol(name string) uintptr { return lookup(l.handle, name) }

// Close unloads the library and tells whether its code is gone: a loader may
// keep it for reasons of its own. No code of it may run. A library with a Go
// runtime always stays.
func (l *Library) Close() (gone bool, err error) {
	defer func() {
		if gone {
			_ = l.held.Close()
		} else {
			l.keep()
		}
	}()
	if l.goLang {
		return false, nil
	}
	call := l.recorder.begin(InUnload, l.record)
	err = unload(l.handle)
	call.done()
	if err != nil {
		return false, fmt.Errorf("unload library: %w", err)
	}
	loaded, err := isMapped(l.file)
	if !loaded {
		l.recorder.unloaded(l.record)
	}
	return !loaded, err
}

// keep gives up on ever closing the library, or on knowing more of it.
func (l *Library) keep() {
	if info, err := l.held.Stat(); err == nil {
		left.bytes.Add(info.Size())
	}
	if l.goLang {
		left.goLibraries.Add(1)
	}
	_ = l.held.Close()
}
