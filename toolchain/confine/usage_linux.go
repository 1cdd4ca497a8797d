package confine

import (
	"bytes"
	"os"
	"strconv"

	"github.com/edge-gateway/edge-gateway/toolchain/internal/disk"
)

// memoryOf is what a process uses of its own, in bytes: not the files that it
// has mapped, which may be shared by many.
func memoryOf(pid int) int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	return parseMemory(text)
}

func parseMemory(status []byte) (bytesUsed int64) {
	for line := range bytes.Lines(status) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch string(name) {
		case "RssAnon", "RssShmem", "VmSwap":
			value, _ := bytes.CutSuffix(bytes.TrimSpace(value), []byte(" kB"))
			if kib, err := strconv.ParseInt(string(value), 10, 64); err == nil {
				bytesUsed += kib << 10
			}
		}
	}
	return bytesUsed
}

// unlinkedOf is what files take that have no name any more and are held open,
// files in memory among them.
func unlinkedOf(found []process) int64 {
	var meter disk.Meter
	for _, p := range found {
		dir := "/proc/" + strconv.Itoa(p.pid) + "/fd/"
		entries, _ := os.ReadDir(dir)
		for _, entry := range entries {
			info, err := os.Stat(dir + entry.Name())
			if err == nil && info.Mode().IsRegular() && disk.Unlinked(info) {
				meter.Add(info)
			}
		}
	}
	return meter.Used
}
