package inspect

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"sync"
)

// Host is the system of this process. The C library is found among what the
// process has loaded, and stays unknown where that cannot be read.
var Host = sync.OnceValue(func() Target {
	target := Target{OS: runtime.GOOS, Arch: runtime.GOARCH, ABI: ABI}
	if target.OS != "linux" {
		return target
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return target
	}
	target.Libc, target.Glibc = loadedLibc(maps)
	return target
})

// loadedLibc finds the C library in the text of /proc/PID/maps, and the version
// of glibc in the library itself.
func loadedLibc(maps []byte) (libc, version string) {
	for line := range bytes.Lines(maps) {
		_, path, found := strings.Cut(string(bytes.TrimSpace(line)), " /")
		if !found {
			continue
		}
		path = "/" + path
		switch name := path[strings.LastIndexByte(path, '/')+1:]; {
		case strings.HasPrefix(name, "ld-musl-") || strings.HasPrefix(name, "libc.musl-"):
			return "musl", ""
		case name == "libc.so.6" || strings.HasPrefix(name, "libc-2."):
			if report, err := File(path); err == nil {
				version = report.glibcDefined
			}
			return "glibc", version
		}
	}
	return "", ""
}
