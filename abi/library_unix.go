//go:build unix

package abi

import (
	"os"
	"runtime"
	"syscall"

	"github.com/ebitengine/purego"

	"github.com/edge-gateway/edge-gateway/abi/internal/goruntime"
)

type fileID struct{ device, inode uint64 }

func identify(path string) (fileID, error) {
	info, err := os.Stat(path)
	if err != nil {
		return fileID{}, err
	}
	st := info.Sys().(*syscall.Stat_t)
	return fileID{uint64(st.Dev), uint64(st.Ino)}, nil
}

func load(path string, isGo bool) (uintptr, error) {
	open := func() (uintptr, error) {
		// The loader keeps its error text per thread, and purego asks for it
		// in a second call.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		return purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	}
	if isGo {
		return goruntime.Load(open)
	}
	return open()
}

func lookup(handle uintptr, name string) uintptr {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	address, err := purego.Dlsym(handle, name)
	if err != nil {
		return 0
	}
	return address
}

func unload(handle uintptr) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return purego.Dlclose(handle)
}

func removeLoaded(path string) { _ = os.Remove(path) }
