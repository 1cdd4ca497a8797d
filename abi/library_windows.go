package abi

import (
	"errors"

	"golang.org/x/sys/windows"
)

type fileID struct{}

func identify(string) (fileID, error) { return fileID{}, nil }

func load(path string, isGo bool) (uintptr, error) {
	if isGo {
		return 0, errors.New("two Go runtimes in one process are not supported on Windows; register the handler in a Go program that embeds the gateway instead")
	}
	h, err := windows.LoadLibraryEx(path, 0, windows.LOAD_LIBRARY_SEARCH_DEFAULT_DIRS|windows.LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR)
	return uintptr(h), err
}

func lookup(handle uintptr, name string) uintptr {
	address, err := windows.GetProcAddress(windows.Handle(handle), name)
	if err != nil {
		return 0
	}
	return address
}

func unload(handle uintptr) error { return windows.FreeLibrary(windows.Handle(handle)) }

// removeLoaded leaves the file: a loaded one cannot be removed here. The data
// directory is swept at the next start.
func removeLoaded(string) {}
