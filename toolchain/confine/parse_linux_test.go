package confine

import (
	"os"
	"testing"
)

func FuzzParseStat(f *testing.F) {
	own, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		string(own), "", "1 (", ")", "7 (a) b) (c) S 3 7 7 0 -1 4194304 1 2 3 4 50 60 7 8 20 0 1 0 9 10 11",
		"7 (z) Z 3 7 7 0 -1 4194304 1 2 3 4 50 60 7 8 20 0 1 0 9 10 11",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if p, ok := parseStat(7, text); ok && p.pid != 7 {
			t.Error(p)
		}
	})
}

func TestParseStat(t *testing.T) {
	p, ok := parseStat(7, []byte("7 (a) b) (c) S 3 7 7 0 -1 4194304 1 2 3 4 50 60 7 8 20 0 1 0 9 10 11"))
	if want := (process{pid: 7, parent: 3, ticks: 125}); !ok || p != want {
		t.Errorf("%+v", p)
	}
	if _, ok := parseStat(7, []byte("7 (z) Z 3 7 7 0 -1 4194304 1 2 3 4 50 60 7 8 20 0 1 0 9 10 11")); ok {
		t.Error("one that has ended counts")
	}
	if p, ok := readProcess(os.Getpid()); !ok || p.parent != os.Getppid() {
		t.Errorf("of this process: %+v", p)
	}
}

func TestParseMemory(t *testing.T) {
	status := "Name:\tx\nVmRSS:\t 900 kB\nRssAnon:\t 100 kB\nRssFile:\t 700 kB\nRssShmem:\t 20 kB\nVmSwap:\t 3 kB\n"
	if got := parseMemory([]byte(status)); got != 123<<10 {
		t.Errorf("got %d", got)
	}
	if memoryOf(os.Getpid()) < 1<<20 {
		t.Error("this process uses next to nothing")
	}
}
