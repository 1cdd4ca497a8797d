package machine

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMemoryIsTheLeastBoundThereIs(t *testing.T) {
	const installed = 8 << 30
	for _, c := range []struct {
		name   string
		groups string
		files  map[string]string
		want   int64
	}{
		{"no group", "", nil, installed},
		{"a group without a bound", "0::/a/b\n", map[string]string{"a/b/memory.max": "max\n"}, installed},
		{"its own bound", "0::/a/b\n", map[string]string{"a/b/memory.max": "1073741824\n", "a/memory.max": "max\n"}, 1 << 30},
		{"the bound of the group around it", "0::/a/b\n", map[string]string{"a/b/memory.max": "1073741824\n", "a/memory.max": "536870912\n"}, 512 << 20},
		{"a container, that sees only itself", "0::/../..\n", map[string]string{"memory.max": "536870912\n"}, 512 << 20},
		{"the first kind of groups", "4:memory:/a\n2:cpu:/\n0::/\n", map[string]string{"memory/a/memory.limit_in_bytes": "268435456\n"}, 256 << 20},
		{"the first kind, without a bound", "4:memory:/a\n", map[string]string{"memory/a/memory.limit_in_bytes": "9223372036854771712\n"}, installed},
	} {
		t.Run(c.name, func(t *testing.T) {
			proc, groups := t.TempDir(), t.TempDir()
			write(t, filepath.Join(proc, "meminfo"), "MemTotal:        8388608 kB\nMemFree:         1 kB\n")
			write(t, filepath.Join(proc, "self/cgroup"), c.groups)
			for name, text := range c.files {
				write(t, filepath.Join(groups, name), text)
			}
			if got := memory(proc, groups); got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
		})
	}
	if Memory() < 64<<20 {
		t.Errorf("this machine has %d bytes", Memory())
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
